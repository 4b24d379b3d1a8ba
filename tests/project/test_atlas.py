"""The atlas: its page has the committed numbers, and a sample of them is computed again."""

import json
import os
import subprocess
import sys

import pytest

import axe
from browser import DESKTOP, PHONE, browser, open_page, preferring
from configurations import PROJECT

sys.path[:0] = [str(PROJECT / "benchmarks" / "atlas"), str(PROJECT / "docs" / "site")]

import compare  # noqa: E402
import publish_atlas  # noqa: E402

import atlas  # noqa: E402

TABLE = json.loads(publish_atlas.TABLE.read_text())

#: One pair of each standing, and of each framework, that takes seconds.
SAMPLE = [
    ("SGD with momentum", "torch.optim.SGD", "keras.optimizers:SGD"),
    ("SGD with Nesterov momentum", "torch.optim.SGD", "scratch.nesterov"),
    ("Adam", "torch.optim.Adam", "keras.optimizers:Adam"),
    ("Rprop", "torch.optim.Rprop", "optax:rprop"),
    ("NAdam", "torch.optim.NAdam", "timm.optim:NAdamW"),
    ("MARS", "timm.optim:Mars", "pytorch_optimizer:MARS"),
]


def test_the_page_has_what_the_table_has():
    page = publish_atlas.PAGE.read_text()
    assert publish_atlas.fill(page, TABLE) == page
    different = json.loads(json.dumps(TABLE))
    for pair in different["families"]["Adam"]["pairs"]:
        pair["shared"]["lengths"][0] = 0.123
    assert publish_atlas.fill(page, different) != page


def test_every_pair_of_every_name_is_there():
    assert TABLE["families"].keys() == compare.families().keys()
    for name, family in compare.families().items():
        written = TABLE["families"][name]
        assert {key: written[key] for key in family} == family, "make atlas"
        n = len(family["members"])
        assert len(written["pairs"]) == n * (n - 1) / 2


def test_it_is_planned_where_only_the_packages_are(tmp_path):
    """`make atlas` runs in their environment, which has no Descent Lab."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--directory", str(tmp_path)]
    command += ["--snakefile", str(PROJECT / "benchmarks" / "atlas" / "atlas.smk")]
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.run(command, capture_output=True, text=True, check=False, env=bare)
    assert process.returncode == 0, process.stderr
    assert f"compare {len(compare.families())}" in " ".join(process.stdout.split())


@pytest.mark.parametrize(("name", "first", "second"), SAMPLE)
def test_a_sample_is_found_again(name, first, second):
    os.environ.setdefault("KERAS_BACKEND", "torch")
    for package in {each.partition(":")[0].partition(".")[0] for each in (first, second)}:
        if package not in ("torch", "scratch"):
            pytest.importorskip(package)
    family = compare.families()[name]
    members = {member: family["members"][member] for member in (first, second)}
    [found] = compare.compare({**family, "members": members})
    [written] = [
        pair
        for pair in TABLE["families"][name]["pairs"]
        if (pair["first"], pair["second"]) == (first, second)
    ]
    for settings in ("defaults", "shared", "best"):
        assert (settings in found) == (settings in written)
        if settings in found:
            assert _of(found[settings]) == _of(written[settings])


def _of(result):
    """Return what does not depend on rounding: no lengths to the last digit, no curve."""
    return (
        result["verdict"],
        result["begins"].partition(":")[0],
        result["changing"],
        [round(each, 3) for each in result["lengths"]],
    )


@pytest.mark.browser
def test_a_click_shows_the_steps(tmp_path):
    file = tmp_path / "matrix.html"
    file.write_text(atlas.page(), encoding="utf-8")
    pair = next(iter(TABLE["families"].values()))["pairs"][0]
    with browser() as chromium:
        for scheme, screen in (("light", DESKTOP), ("dark", PHONE)):
            with preferring(chromium, scheme):
                open_page(chromium, file, screen)
                chromium.execute_script("document.querySelector('.matrix button').click()")
                shown = chromium.find_element("id", "details").text
                assert f"{pair['second']} against {pair['first']}" in shown
                assert "First steps" in shown
                assert axe.findings(chromium) == []
