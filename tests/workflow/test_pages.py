"""The pages of a run, opened as files in a real browser without a network."""

import os
import re

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

from browser import DESKTOP, PHONE, find, open_page, preferring, wait_until
from descent.analysis.curves import curves as smoothed
from descent.records import read_runs
from descent.reporting import interactive

pytestmark = pytest.mark.browser

MINUS = str.maketrans("\N{MINUS SIGN}", "-")


@pytest.fixture
def report(chromium, finished_once):
    open_page(chromium, finished_once.results / "report.html")
    return chromium


@pytest.fixture
def curves(chromium, finished_once):
    open_page(chromium, finished_once.results / "interactive.html")
    return chromium


def test_the_report_says_the_verdict_first_and_shows_its_images(report):
    assert find(report, "h2")[0].text == "Verdict"
    assert " on raw in " in find(report, "header p")[0].text  # the folder of the images
    headline = find(report, "#verdict .headline")[0].text
    assert "ours" in headline and "theirs (torch.optim.SGD)" in headline
    images = find(report, "img")
    overlays = [image for image in images if "against the iteration" in image.get_attribute("alt")]
    assert len(overlays) >= 2
    for image in images:
        assert image.get_property("naturalWidth") > 300
        assert len(image.get_attribute("alt")) > 50
    captions = [caption.text for caption in find(report, "figure:not(.table) figcaption")]
    assert len(captions) == len(set(captions)) == len(images)
    assert find(report, "script") == []


def test_the_report_fits_a_phone(chromium, finished_once):
    for page in ("report", "interactive"):
        open_page(chromium, finished_once.results / f"{page}.html", PHONE)
        assert chromium.execute_script("return document.documentElement.scrollWidth") <= 390


def test_the_report_is_legible_in_the_dark(chromium, finished_once):
    with preferring(chromium, "dark"):
        for page in ("report", "interactive"):
            open_page(chromium, finished_once.results / f"{page}.html")
            style = "getComputedStyle(document.body)"
            for what, is_right in (("color", min), ("backgroundColor", max)):
                colour = chromium.execute_script(f"return {style}.{what}")
                channels = [int(channel) for channel in colour.strip("rgb()").split(",")]
                assert is_right(channels) > 200 if what == "color" else is_right(channels) < 60


def test_figures_and_tables_of_the_report_follow_the_screen(chromium, finished_once):
    """The ground of a figure has the color of the scheme; printed, it is white."""
    ground = """
        const done = arguments[0], image = document.querySelector('.figures img');
        image.decode().then(() => {
          const canvas = document.createElement('canvas'), context = canvas.getContext('2d');
          context.drawImage(image, 0, 0);
          done([...context.getImageData(2, 2, 1, 1).data.slice(0, 3)]);
        });
    """
    for scheme, is_right in (("light", lambda c: min(c) > 240), ("dark", lambda c: max(c) < 60)):
        with preferring(chromium, scheme):
            open_page(chromium, finished_once.results / "report.html", PHONE)
            assert is_right(chromium.execute_async_script(ground))
    screen = "return [...document.querySelectorAll('.scroll')].every(e => e.scrollWidth <= {})"
    fits = screen.format("e.clientWidth")
    assert chromium.execute_script(fits)
    open_page(chromium, finished_once.results / "report.html", DESKTOP)
    assert chromium.execute_script(fits)


def test_links_lead_to_files(report):
    addresses = [link.get_attribute("href") for link in find(report, "a")]
    files = [address.removeprefix("file://") for address in addresses if "#" not in address]
    assert len(files) >= 5 and all(os.path.exists(file) for file in files)


def drawn(chromium, what="mean"):
    """Count the lines on the screen by what they show: `mean`, `band`, `seed` or `diverged`."""
    names = chromium.execute_script(
        "return document.getElementById('curves').calcdata"
        ".filter(points => points[0].x !== false).map(points => points[0].trace.name)"
    )
    return sum(what in (name or "").replace(",", " ").split() for name in names)


def choose(chromium, name, value=None):
    """Click a radio button or a box."""
    find(chromium, f"[name={name}]" + (f"[value={value}]" if value else ""))[0].click()


def press(chromium, element, *keys):
    element.send_keys(*keys)


def values(chromium):
    """Return what the table says: its place, and per variant the numbers of its cells."""
    rows = [[cell.text for cell in find(row, "th, td")] for row in find(chromium, "tbody tr")]
    return find(chromium, "#place")[0].text, {
        name: [float(text) for text in re.findall(r"[-\d.e+]+", " ".join(cells).translate(MINUS))]
        for name, *cells in rows
    }


def axis(chromium, name, what="range"):
    return chromium.execute_script(
        f"return document.getElementById('curves')._fullLayout.{name}.{what}"
    )


def titles(chromium):
    return [axis(chromium, name, "title.text") for name in ("xaxis", "yaxis", "yaxis2")]


def recorded(results, kind, columns):
    files = sorted((results / kind).rglob("*.parquet"))
    return read_runs(files, {"ours": [0, 1, 2], "theirs": [0, 1, 2]}, columns)


def expected(results, window, iteration):
    """Compute what the table must say, from the recorded runs."""
    runs = recorded(results, "iterations", ["train_loss", "train_accuracy"])
    table = smoothed(runs, smoothing_window=window, band="t", confidence_level=0.95)
    table = table[table["iteration"] == iteration].set_index(["variant", "metric"])
    numbers = ["mean", "lower", "upper"]
    return {
        variant: pytest.approx(
            [
                *table.loc[variant, "train_loss"][numbers],
                *(100 * table.loc[variant, "train_accuracy"][numbers]),
            ],
            rel=1e-3,
            abs=0.006,
        )
        for variant in ("ours", "theirs")
    }


def test_means_and_bands_at_first_and_single_seeds_on_demand(curves):
    assert drawn(curves) == 2 * 2 and drawn(curves, "band") == 2 * 2  # variants, metrics
    assert drawn(curves, "seed") == 0
    assert len(find(curves, ".scatterlayer .trace")) == 2 * 2 * 3  # means, and ends of bands
    choose(curves, "seeds")
    assert drawn(curves) == 2 * 2 and drawn(curves, "seed") == 2 * 2 * 3
    assert len(find(curves, ".scatterlayer .trace")) == 2 * 2 * (3 + 3)


def test_test_images_and_epochs_have_their_own_axes(curves):
    training = ["Iteration", "Train cross-entropy (nats)", "Train accuracy (%)"]
    assert titles(curves) == training and axis(curves, "xaxis") == [0, 20]
    choose(curves, "over", "epoch")
    assert titles(curves) == ["Epoch", *training[1:]] and axis(curves, "xaxis") == [0, 2]
    choose(curves, "images", "test")
    assert titles(curves) == ["Epoch", "Test cross-entropy (nats)", "Test accuracy (%)"]
    assert values(curves)[0] == "Epoch 2" and not find(curves, "#smoothing")[0].is_displayed()
    choose(curves, "over", "iteration")
    assert axis(curves, "xaxis", "range[1]") == pytest.approx(20, rel=0.03)
    choose(curves, "images", "train")
    assert titles(curves) == training


def test_scales_are_logarithmic_or_linear(curves):
    assert axis(curves, "yaxis", "type") == "log"
    choose(curves, "scale", "linear")
    assert axis(curves, "yaxis", "type") == axis(curves, "yaxis2", "type") == "linear"
    bottom, top = axis(curves, "yaxis2")
    assert 0 < top - bottom <= 110
    assert "logarithmic in the error" not in find(curves, "#note")[0].text


def test_the_slider_smooths_and_says_so(curves, finished_once):
    slider = find(curves, "#smoothing")[0]
    assert find(curves, "output")[0].text == "unsmoothed"
    assert values(curves) == ("Iteration 20 (epoch 2)", expected(finished_once.results, 1, 20))
    press(curves, slider, Keys.ARROW_RIGHT)
    assert find(curves, "output")[0].text == "moving average over 10 iterations"
    assert "smoothed first (moving average over 10" in find(curves, "#note")[0].text
    assert slider.get_attribute("aria-valuetext") == "moving average over 10 iterations"
    assert values(curves)[1] == expected(finished_once.results, 10, 20)


def test_arrow_keys_move_the_place_whose_values_the_table_has(curves, finished_once):
    cursor = find(curves, "#cursor")[0]
    press(curves, cursor, Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    place, cells = values(curves)
    assert place == "Iteration 3 (epoch 0.3)"
    assert cells == expected(finished_once.results, 1, 3)
    spoken = cursor.get_attribute("aria-valuetext")
    assert spoken.startswith("Iteration 3") and "ours: " in spoken
    line, area = find(curves, "#line")[0].rect, find(curves, ".nsewdrag")[0].rect
    assert line["x"] == pytest.approx(area["x"] + area["width"] * 3 / 20, abs=2)


def test_pointing_moves_the_place_in_both_panels(curves, finished_once):
    for area in find(curves, ".nsewdrag"):
        ActionChains(curves).move_to_element_with_offset(area, 1, 0).perform()
        assert values(curves) == ("Iteration 10 (epoch 1)", expected(finished_once.results, 1, 10))
        ActionChains(curves).move_to_element_with_offset(area, -200, 0).perform()
        assert values(curves)[0] != "Iteration 10 (epoch 1)"
    ActionChains(curves).move_to_element_with_offset(area, 1, 0).click().perform()
    ActionChains(curves).send_keys(Keys.ARROW_RIGHT).perform()
    assert values(curves)[0] == "Iteration 11 (epoch 1.1)"


def touch(chromium, *places):
    """Put a finger on the first place, move it to the others, and lift it."""
    for kind, place in zip(["Start"] + ["Move"] * len(places[1:]), places, strict=True):
        points = [dict(zip("xy", place, strict=True))]
        event = {"type": f"touch{kind}", "touchPoints": points}
        chromium.execute_cdp_cmd("Input.dispatchTouchEvent", event)
    chromium.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_touching_moves_the_place_and_the_page_still_scrolls(chromium, finished_once):
    chromium.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    try:
        open_page(chromium, finished_once.results / "interactive.html", PHONE)
        area = find(chromium, ".nsewdrag")[0].rect
        x, y = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
        touch(chromium, (x, y))
        assert values(chromium)[0] == "Iteration 10 (epoch 1)"
        touch(chromium, (x, y), (x - 20, y), (x - 60, y), (x - 80, y))
        assert int(values(chromium)[0].split()[1]) < 8
        assert chromium.execute_script("return scrollY") == 0
        touch(chromium, (x, y), (x, y - 20), (x, y - 60), (x, y - 100))
        wait_until(chromium, lambda driver: driver.execute_script("return scrollY") > 50)
        assert axis(chromium, "xaxis") == [0, 20]
    finally:
        chromium.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_a_box_in_the_table_hides_a_variant_in_every_view(curves):
    choose(curves, "variant", "ours")
    assert drawn(curves) == drawn(curves, "theirs") / 2 == 2
    choose(curves, "images", "test")
    assert drawn(curves) == 2 and drawn(curves, "ours") == 0
    choose(curves, "variant", "ours")
    assert drawn(curves) == 2 * 2


def test_dragging_and_buttons_zoom_both_metrics(curves):
    area = find(curves, ".nsewdrag")[0]
    heights = axis(curves, "yaxis"), axis(curves, "yaxis2")
    ActionChains(curves).move_to_element(area).click_and_hold().move_by_offset(
        300, 0
    ).release().perform()
    wait_until(curves, lambda driver: axis(driver, "xaxis") != [0, 20])
    start, end = axis(curves, "xaxis")
    assert drawn(curves, "band") == drawn(curves) == 2 * 2
    assert start == pytest.approx(10, abs=0.5) and 12 < end < 18
    assert axis(curves, "yaxis")[1] < heights[0][1] and axis(curves, "yaxis2") != heights[1]
    press(curves, find(curves, "#cursor")[0], Keys.HOME)
    assert values(curves)[0].startswith(("Iteration 10 ", "Iteration 11 "))
    zoom_in, zoom_out, everything = find(curves, "[data-zoom]")
    everything.click()
    assert axis(curves, "xaxis") == [0, 20]
    zoom_in.click()
    assert axis(curves, "xaxis")[1] - axis(curves, "xaxis")[0] == pytest.approx(10)
    zoom_out.click()
    assert axis(curves, "xaxis") == [0, 20]


def test_the_address_keeps_the_view(chromium, curves):
    for name, value in (("scale", "linear"), ("seeds", None), ("variant", "theirs")):
        choose(curves, name, value)
    press(curves, find(curves, "#smoothing")[0], Keys.ARROW_RIGHT)
    find(curves, "[data-zoom]")[0].click()
    before = values(curves), axis(curves, "xaxis"), axis(curves, "yaxis"), drawn(curves, "seed")
    address = curves.current_url
    assert "scale=linear" in address and "variant=ours" in address
    curves.get("about:blank")
    curves.get(address)
    after = values(curves), axis(curves, "xaxis"), axis(curves, "yaxis"), drawn(curves, "seed")
    assert after == before and drawn(curves) == 2


def test_an_address_that_means_nothing_shows_everything(chromium, finished_once):
    at = "#comparison=none&images=x&over=%00&scale=1e9&smoothing=abc&from=9&to=nan&cursor=-5&hm"
    open_page(chromium, finished_once.results / "interactive.html", at=at)
    assert drawn(chromium) == 4 and axis(chromium, "xaxis") == [0, 20]
    assert chromium.get_log("browser") == []


@pytest.fixture
def write(finished_once, tmp_path):
    """Write another page of the recorded runs."""

    def write(comparisons, end=None):
        """Let seed 1 of `ours` diverge after that many iterations."""
        results = finished_once.results
        runs = recorded(results, "iterations", ["epoch", "train_loss", "train_accuracy"])
        epochs = recorded(results, "epochs", ["test_loss", "test_accuracy"])
        if end:
            runs["ours", 1], epochs["ours", 1] = runs["ours", 1][:end], epochs["ours", 1][:2]
        settings = {"smoothing_window": 1, "band": "t", "confidence_level": 0.95}
        about = {"name": "x", "experiment": "", "epochs": 2, "settings": settings}
        (tmp_path / "x.html").write_text(
            interactive.page(runs, epochs, comparisons=comparisons, **about)
        )
        return tmp_path / "x.html"

    return write


def test_the_comparison_is_chosen_and_has_the_order_of_the_configuration(chromium, write):
    open_page(chromium, write({"one": ["ours"], "all": ["theirs", "ours"]}))
    assert list(values(chromium)[1]) == ["ours"] and drawn(chromium) == 2
    find(chromium, "#comparison")[0].send_keys("all")
    assert list(values(chromium)[1]) == ["theirs", "ours"] and drawn(chromium) == 4
    assert "comparison=all" in chromium.current_url
    assert axis(chromium, "xaxis") == [0, 20]


def test_a_run_that_diverged_has_a_cross_and_its_variant_thin_lines(chromium, write):
    open_page(chromium, write({"pair": ["ours", "theirs"]}, end=14))
    assert drawn(chromium, "diverged") == 2  # metrics
    assert drawn(chromium, "seed") == 2 * 3 + 2  # the crosses are of a seed, too
    assert "ours, seed 1 at iteration 15" in find(chromium, "#note")[0].text
    row = find(chromium, "tbody tr")[0].text
    assert row.count("1 of 3 diverged") == 2 and "NaN" not in row
    press(chromium, find(chromium, "#cursor")[0], Keys.HOME)
    assert len(values(chromium)[1]["ours"]) == 6


def test_all_controls_are_reached_by_the_keyboard_and_named(curves):
    curves.execute_script("document.activeElement.blur()")
    reached = []
    for _ in range(25):
        ActionChains(curves).send_keys(Keys.TAB).perform()
        active = curves.switch_to.active_element
        reached.append(active.get_attribute("name") or active.text)
    wanted = ["images", "over", "scale", "smoothing", "seeds", "cursor", "Zoom in", "Show all"]
    assert {*wanted, "variant"} <= set(reached)
    places = [reached.index(name) for name in wanted]
    assert places == sorted(places)
