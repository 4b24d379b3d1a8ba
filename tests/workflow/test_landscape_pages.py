"""Landscapes: a page in a real browser, and the stage of the workflow."""

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from browser import DESKTOP, PATIENCE, PHONE, find, open_page
from descent.landscapes.functions import FUNCTIONS
from descent.landscapes.trajectories import follow, load
from descent.reporting.landscapes import landscape_page

SIDES = {"wrong": {"lr": 0.1}, "right_" + 40 * "x": {"lr": 0.02}}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    function = FUNCTIONS["rosenbrock"]
    sides = {name: load("torch.optim.Adam", settings) for name, settings in SIDES.items()}
    sides["leaves"] = load("scratch.sgd", {"lr": 0.1})
    page = landscape_page(
        function,
        follow(sides, function, iterations=40),
        title="wrong against right",
        told=[("different", "Not the same steps."), ("hint", "no bias correction")],
    )
    file = tmp_path_factory.mktemp("page") / "landscape.html"
    file.write_text(page)
    return file


@pytest.fixture
def page(chromium, file):
    open_page(chromium, file)
    return chromium


def shown(page):
    return find(page, "#shown")[0].text


def rows(page):
    return [[cell.text for cell in row.find_elements("css selector", "td")] for row in
            find(page, "tbody tr")]  # fmt: skip


def press(page, *keys):
    ActionChains(page).send_keys(*keys).perform()


@pytest.mark.browser
def test_it_begins_with_the_whole_way_and_is_stepped_through(page):
    assert shown(page) == "40 of 40"
    find(page, "#back")[0].click()
    assert shown(page) == "39 of 40"
    find(page, "#step")[0].click()
    find(page, "#step")[0].click()
    assert shown(page) == "40 of 40"
    page.execute_script("document.activeElement.blur()")
    press(page, Keys.HOME)
    assert shown(page) == "0 of 40"
    assert rows(page)[0][:5] == ["0", "\N{MINUS SIGN}1.2", "1", "24.2", ""]
    press(page, Keys.ARROW_RIGHT)
    assert rows(page)[0][0] == "1" and rows(page)[0][4] == "0.14142"
    assert rows(page)[1][4] == "0.028284"
    points = [line.get_attribute("points").split() for line in find(page, ".path")]
    assert [len(each) for each in points] == [2, 2, 2]
    press(page, Keys.END)
    assert "leaves the picture in iteration 1, not finite from iteration 5 on" in rows(page)[2]
    assert rows(page)[2][0] == "4"


@pytest.mark.browser
def test_it_plays_pauses_and_begins_anew(page):
    play = find(page, "#play")[0]
    play.click()
    assert play.text == "Pause"
    WebDriverWait(page, PATIENCE).until(lambda _: 1 <= int(shown(page).split()[0]) < 40)
    play.click()
    assert play.text == "Play"
    assert 0 < int(shown(page).split()[0]) < 40
    page.execute_script("document.activeElement.blur()")
    press(page, " ")
    assert play.text == "Pause"
    find(page, "#speed option[value='4']")[0].click()
    WebDriverWait(page, PATIENCE).until(lambda _: play.text == "Play")
    assert shown(page) == "40 of 40"


@pytest.mark.browser
def test_it_is_scrubbed(page):
    slider = find(page, "#iteration")[0]
    slider.send_keys(Keys.HOME, *[Keys.ARROW_RIGHT] * 3)
    assert shown(page) == "3 of 40"
    assert slider.get_attribute("aria-valuetext") == "iteration 3 of 40"


@pytest.mark.browser
def test_numbers_of_a_point_are_shown_where_one_points(page):
    press(page, Keys.HOME)
    ring = find(page, ".start")[0]
    ActionChains(page).move_to_element(ring).perform()
    tip = find(page, "#tip")[0]
    assert "iteration 0\nposition (\N{MINUS SIGN}1.2, 1)\nvalue 24.2\nthe start" in tip.text
    press(page, Keys.ARROW_RIGHT)
    ActionChains(page).move_to_element(find(page, ".head")[0]).perform()
    assert "wrong\niteration 1\nposition (\N{MINUS SIGN}1.1, 1.1)\n" in tip.text
    assert "step length 0.14142" in tip.text
    ActionChains(page).move_to_element(find(page, "h1")[0]).perform()
    assert not tip.is_displayed()


@pytest.mark.browser
def test_side_by_side_every_rule_has_a_picture(page):
    assert len(find(page, "#pictures svg")) == 1
    find(page, "input[value=aside]")[0].click()
    assert len(find(page, "#pictures svg")) == 3 == len(find(page, ".path"))
    labels = [svg.get_attribute("aria-label") for svg in find(page, "#pictures svg")]
    assert labels[0].startswith("wrong on the contours")


@pytest.mark.browser
@pytest.mark.parametrize("screen", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("view", ["over", "aside"])
def test_nothing_is_wider_than_the_screen(chromium, file, screen, view):
    open_page(chromium, file, screen)
    find(chromium, f"input[value={view}]")[0].click()
    assert chromium.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    for button in find(chromium, "button, select"):
        assert button.size["height"] >= 24


@pytest.mark.browser
def test_with_reduced_motion_pictures_follow_each_other_slowly(chromium, file):
    media = {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        open_page(chromium, file)
        counted = chromium.execute_async_script(
            """const done = arguments[0], seen = new Set(), begun = performance.now();
            play.click();
            const look = () => {
              seen.add(now);
              performance.now() - begun < 1900 ? requestAnimationFrame(look) : done([...seen]);
            };
            look();"""
        )
        assert len(counted) <= 2
    finally:
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_without_a_configuration_nothing_is_drawn(checkout):
    planned = checkout.would_run()
    assert not {"trajectories", "landscape", "landscape_figure"} & set(planned)


@pytest.mark.slow
def test_the_workflow_draws_the_variants_of_each_comparison(finished):
    settings = {"landscapes": ["quadratic", "saddle"]}
    finished.configure(**settings)
    planned = finished.would_run()
    assert not {"prepare", "replay", "curves", "overlay"} & set(planned)
    assert not [rule for rule in planned if rule.startswith("train")]
    finished.run()
    for name in settings["landscapes"]:
        for end in ("png", "svg", "pdf"):
            assert (finished.results / f"figures/landscape_{name}_pair.{end}").stat().st_size > 1000
        page = (finished.results / f"landscapes/{name}_pair.html").read_text()
        assert "ours: the same steps as theirs" in page
    assert finished.would_run() == {}
    finished.configure(landscapes=["saddle"])
    assert not {"trajectories", "landscape", "landscape_figure"} & set(finished.would_run())


def test_an_unknown_function_is_refused(checkout):
    checkout.configure(landscapes=["rosenbrok"])
    process = checkout.snakemake("-n")
    assert process.returncode != 0
    assert "landscapes.0: 'rosenbrok' must be one of quadratic, rosenbrock" in process.stdout
