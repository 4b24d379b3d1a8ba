"""Runs that were not made alike are named beside the verdict that they touch."""

from importlib import metadata

import pytest

from descent.reporting.mixture import mixed

NOW = metadata.version("torch")


def made(variant, seed, torch=NOW, cpu="EPYC", **other):
    return {
        "configuration": {"variant": variant},
        "seed": seed,
        "torch": torch,
        "cpu": cpu,
        **other,
    }


def test_nothing_is_said_of_runs_that_were_made_alike():
    runs = [made(variant, seed) for variant in ("a", "b") for seed in range(3)]
    assert mixed(["a", "b"], runs, "mine") == []
    elsewhere = [*runs, made("c", 0, torch="1.0")]
    assert mixed(["a", "b"], elsewhere, "mine") == []
    assert len(mixed(["a", "b", "c"], elsewhere, "mine")) == 2


def test_another_torch_is_named_with_what_to_run():
    runs = [made("a", 0, torch="1.0"), made("a", 1), made("a", 2, torch="1.0"), made("b", 0)]
    what, how = mixed(["a", "b"], runs, "mine")
    assert f"2 runs with torch 1.0, 2 runs with torch {NOW}." in what
    assert how.endswith(
        "rm results/mine/epochs/a/seed_{0,2}.parquet && "
        "snakemake --cores 2 --configfile results/mine/config.yaml"
    )


def test_all_are_made_again_if_none_has_the_torch_of_today():
    runs = [made("a", 0, torch="1.0"), made("a", 1, torch="1.0"), made("b", 0, torch="0.9")]
    _, how = mixed(["a", "b"], runs, "mine")
    assert "epochs/a/seed_{0,1}.parquet results/mine/epochs/b/seed_0.parquet &&" in how


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"cpu": "Xeon"}, "1 run with processor Xeon."),
        ({"cpu": "Xeon", "torch": "1.0"}, "1 run with torch 1.0 and processor Xeon."),
        ({"device": "cuda", "device_name": "H100"}, "1 run with GPU H100."),
        ({"mkl_cbwr": "AVX2"}, "1 run with MKL_CBWR AVX2."),
    ],
)
def test_what_differs_is_named(other, said):
    what, how = mixed(["a"], [made("a", 0), made("a", 1), made("a", 2, **other)], "mine")
    assert said.removesuffix(".") in what and "rm results/mine/epochs/a/seed_2.parquet" in how


def test_settings_that_differ_within_a_variant_are_named():
    runs = [made("a", seed) for seed in range(2)] + [made("b", 0)]
    for run, epochs in zip(runs, (2, 9, 7), strict=True):
        run["configuration"] |= {"epochs": epochs, "settings": {"lr": 0.1}}
    [said] = mixed(["a", "b"], runs, "mine")
    assert said.startswith("The runs of a were trained with different epochs, which Snakemake")
    assert "snakemake --cores 2 --configfile results/mine/config.yaml --rerun-triggers" in said
