"""The pages of a run, opened as files in a real browser without a network."""

import json
import os
import shutil

import pandas as pd
import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver"}
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
PATIENCE = 600  # seconds: a limit for what never comes, whatever the machine
DESKTOP = {"width": 1200, "height": 900, "deviceScaleFactor": 1, "mobile": False}


pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium():
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    if missing:
        reason = f"needs a browser: apt-get install --no-install-recommends {' '.join(missing)}"
        # CI installs the packages and sets the variable: a skipped test proves nothing there
        pytest.fail(reason) if os.environ.get("DESCENT_NEEDS_BROWSER") else pytest.skip(reason)
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    for argument in (
        "--headless=new",
        "--no-sandbox",  # the sandbox refuses root, which runs the tests in containers
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--host-resolver-rules=MAP * ~NOTFOUND",
    ):
        options.add_argument(argument)
    service = Service(shutil.which("chromedriver"))
    with webdriver.Chrome(options=options, service=service) as driver:
        driver.set_page_load_timeout(PATIENCE)
        yield driver


def open_page(chromium, file, screen=DESKTOP):
    """Open a page and check that it says nothing on the console and asks for no other file."""
    chromium.get_log("browser"), chromium.get_log("performance")
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    chromium.get(file.as_uri())
    assert chromium.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in chromium.get_log("performance")]
    requests = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    asked = [url for url in requests if not url.startswith(("data:", "blob:"))]
    assert asked == [file.as_uri()]


def find(chromium, selector):
    return chromium.find_elements(By.CSS_SELECTOR, selector)


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
    feature = {"name": "prefers-color-scheme", "value": "dark"}
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    for page in ("report", "interactive"):
        open_page(chromium, finished_once.results / f"{page}.html")
        style = "getComputedStyle(document.body)"
        for what, is_right in (("color", min), ("backgroundColor", max)):
            colour = chromium.execute_script(f"return {style}.{what}")
            channels = [int(channel) for channel in colour.strip("rgb()").split(",")]
            assert is_right(channels) > 200 if what == "color" else is_right(channels) < 60
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


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
        feature = {"name": "prefers-color-scheme", "value": scheme}
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        open_page(chromium, finished_once.results / "report.html", PHONE)
        assert is_right(chromium.execute_async_script(ground))
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    screen = "return [...document.querySelectorAll('.scroll')].every(e => e.scrollWidth <= {})"
    fits = screen.format("e.clientWidth")
    assert chromium.execute_script(fits)
    open_page(chromium, finished_once.results / "report.html", {**DESKTOP, "width": 1280})
    assert chromium.execute_script(fits)


def test_links_lead_to_files(report):
    addresses = [link.get_attribute("href") for link in find(report, "a")]
    files = [address.removeprefix("file://") for address in addresses if "#" not in address]
    assert len(files) >= 5 and all(os.path.exists(file) for file in files)


def drawn(chromium):
    """Count the curves on the screen: paths that a trace draws and that have a length."""
    return chromium.execute_script(
        "return [...document.querySelectorAll('.scatterlayer .trace path.js-line')]"
        ".filter(path => path.getTotalLength() > 100 && path.style.strokeWidth != '0px').length"
    )


def wait_for(chromium, n_curves):
    wait_until(chromium, lambda driver: drawn(driver) == n_curves)


def wait_until(chromium, condition):
    WebDriverWait(chromium, PATIENCE, 0.05).until(condition)


def choose(chromium, view):
    find(chromium, f"input[value='{view}']")[0].click()


def test_means_at_first_and_every_seed_on_demand(curves):
    wait_for(curves, 2 * 2)  # variants, metrics
    for view in ("1", "200"):
        choose(curves, view)
        wait_for(curves, 2 * 2 * 3)  # seeds
    choose(curves, "mean")
    wait_for(curves, 2 * 2)


def test_the_test_images_have_their_own_axes(curves):
    titles = "return [...document.querySelectorAll('.ytitle, .y2title, .x2title')]"
    titles += ".map(title => title.textContent)"
    wait_for(curves, 2 * 2)
    before = curves.execute_script(titles)
    assert {"Iteration", "Train accuracy (%)"} < set(before)
    choose(curves, "test")
    wait_for(curves, 2 * 2)
    expected = {"Epoch", "Test accuracy (%)", "Test cross-entropy (nats)"}
    assert set(curves.execute_script(titles)) == expected
    axis = "return document.getElementById('curves')._fullLayout.xaxis2.range"
    assert curves.execute_script(axis) == [0, 2]
    choose(curves, "1")
    wait_for(curves, 2 * 2 * 3)
    assert set(curves.execute_script(titles)) == set(before)


def test_a_click_on_the_legend_hides_a_variant_in_every_view(curves):
    assert [label.text for label in find(curves, ".legendtext")] == ["ours", "theirs"]
    find(curves, ".legendtoggle")[0].click()
    wait_for(curves, 2)
    choose(curves, "1")
    wait_for(curves, 2 * 3)
    find(curves, ".legendtoggle")[0].click()
    wait_for(curves, 2 * 2 * 3)


def test_hovering_reads_the_value(curves, finished_once):
    ActionChains(curves).move_to_element(find(curves, ".nsewdrag")[0]).perform()
    wait_until(curves, lambda driver: len(find(driver, ".hoverlayer .hovertext")) == 2)
    wait_until(curves, lambda driver: find(driver, ".hoverlayer .axistext"))
    [iteration] = [text.text for text in find(curves, ".hoverlayer .axistext")]
    table = pd.read_parquet(finished_once.results / "curves.parquet")
    table = table[(table["iteration"] == int(iteration)) & (table["metric"] == "train_loss")]
    expected = {f"{row.variant}, mean: {row.mean:.4g}" for row in table.itertuples()}
    assert {text.text for text in find(curves, ".hoverlayer .hovertext")} == expected


def test_dragging_zooms_both_metrics(curves):
    ranges = "const {xaxis, xaxis2} = document.getElementById('curves')._fullLayout;"
    ranges += "return [xaxis.range, xaxis2.range]"
    before = curves.execute_script(ranges)[0]
    area = find(curves, ".nsewdrag")[0]
    ActionChains(curves).move_to_element(area).click_and_hold().move_by_offset(
        200, 0
    ).release().perform()
    wait_until(curves, lambda driver: driver.execute_script(ranges)[0] != before)
    first, second = curves.execute_script(ranges)
    assert first == second
    assert first[1] - first[0] < 0.5 * (before[1] - before[0])
