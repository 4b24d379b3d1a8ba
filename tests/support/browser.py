"""A real browser without a network, which opens pages as files."""

import json
import os
import shutil
from contextlib import contextmanager

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver"}
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
DESKTOP = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}
PATIENCE = 600  # seconds: a limit for what never comes, whatever the machine


@contextmanager
def browser():
    """Start Chromium; skip the test, or in CI fail it, where it is not installed."""
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


def open_page(chromium, file, screen=DESKTOP, *, at=""):
    """Open a page and check that it says nothing on the console and asks for no other file.

    `at` is what follows its address.
    """
    chromium.get("about:blank")  # so that another place in the same page is opened anew
    chromium.get_log("browser"), chromium.get_log("performance")
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    chromium.get(file.as_uri() + at)
    assert chromium.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in chromium.get_log("performance")]
    requests = [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]
    asked = [url for url in requests if not url.startswith(("data:", "blob:", "about:"))]
    assert asked == [file.as_uri()]


@contextmanager
def preferring(chromium, scheme):
    """Let pages be light or dark."""
    feature = {"name": "prefers-color-scheme", "value": scheme}
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    yield
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def find(chromium, selector):
    return chromium.find_elements(By.CSS_SELECTOR, selector)


def wait_until(chromium, condition):
    WebDriverWait(chromium, PATIENCE, 0.05).until(condition)
