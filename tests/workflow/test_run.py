"""What one run produces."""

import html
import re
import shutil

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
import yaml
from safetensors.numpy import load_file

from descent.metrics import METRICS
from descent.records import read_metadata
from tiny import N_TRAIN

ITERATIONS = 2 * -(-N_TRAIN // 32)


def test_all_results_are_there(finished_once):
    results = finished_once.results
    runs = [f"{variant}/seed_{seed}" for variant in ("ours", "theirs") for seed in range(3)]
    expected = {f"{kind}/{run}.parquet" for kind in ("iterations", "epochs") for run in runs}
    expected |= {f"weights/{run}.safetensors" for run in runs}
    expected |= {
        f"figures/{metric}_pair.{kind}"
        for metric in ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
        for kind in ("png", "svg", "pdf")
    }
    expected |= {f"figures/parity_pair.{kind}" for kind in ("png", "svg", "pdf")}
    expected |= {f"tables/final_accuracy.{kind}" for kind in ("csv", "md", "tex")}
    expected |= {
        "curves.parquet",
        "curves_of_epochs.parquet",
        "epochs.parquet",
        "parity/pair.parquet",
        "parity/pair.json",
        "tables/equivalence.csv",
        "tables/parity.csv",
        "tables/targets.csv",
        "tables/untrained.csv",
        "figures/examples.png",
        "config.yaml",
        "report.html",
        "interactive.html",
        "snakemake-report.html",
    }
    files = {str(file.relative_to(results)) for file in results.rglob("*") if file.is_file()}
    found = {file for file in files if not file.startswith("logs/")}
    [data] = found - expected
    assert re.fullmatch(r"data/[0-9a-f]{12}\.safetensors", data) and found > expected


def test_runs_learn_and_agree_with_their_epochs_and_the_table(finished_once):
    results = finished_once.results
    iterations = pd.read_parquet(results / "iterations")
    assert len(iterations) == 6 * ITERATIONS
    assert iterations.groupby(["variant", "seed"], observed=True).size().eq(ITERATIONS).all()
    epochs = pd.read_parquet(results / "epochs")
    assert len(epochs) == 6 * 3
    final = epochs[epochs["epoch"] == 2].groupby("variant", observed=True)["test_accuracy"]
    table = pd.read_csv(results / "tables" / "final_accuracy.csv").set_index("variant")
    assert table["n"].tolist() == [3, 3]
    np.testing.assert_allclose(table["mean"], final.mean()[table.index])
    np.testing.assert_allclose(table["sd"], final.std()[table.index], atol=1e-12)
    assert table["mean"].min() > 0.9
    weights = load_file(results / "weights" / "ours" / "seed_0.safetensors")
    assert weights["W0"].shape == (8, 64) and weights["b1"].shape == (4,)


def test_equivalence_holds_ours_against_the_reference(finished_once):
    table = pd.read_csv(finished_once.results / "tables" / "equivalence.csv")
    assert table["comparison"].tolist() == ["pair"] * 2
    assert table["variant"].tolist() == ["ours"] * 2
    assert table["reference"].tolist() == ["theirs"] * 2
    final = pd.read_csv(finished_once.results / "tables" / "final_accuracy.csv")
    means = final.set_index("variant")["mean"]
    accuracy = table[table["metric"] == "test_accuracy"].iloc[0]
    assert accuracy["difference"] == pytest.approx(means["ours"] - means["theirs"])
    assert accuracy["margin"] == 0.005


def test_parity_is_replayed_for_the_first_seeds(finished_once):
    table = pd.read_csv(finished_once.results / "tables" / "parity.csv")
    assert table["variant"].tolist() == ["ours"] * 3
    assert table["on"].tolist() == ["training", "training", "trials"]
    training = table[table["on"] == "training"]
    assert training["n"].tolist() == [2, 2] and training["iterations"].tolist() == [20, 20]
    assert set(pd.read_parquet(finished_once.results / "parity" / "pair.parquet")["seed"]) <= {0, 1}


def test_targets_and_the_untrained_network_are_those_of_the_epochs(finished_once):
    epochs = pd.read_parquet(finished_once.results / "epochs")
    tables = finished_once.results / "tables"
    targets = pd.read_csv(tables / "targets.csv")
    assert targets["variant"].tolist() == ["ours"] * 2 + ["theirs"] * 2
    assert targets["target"].tolist() == [0.9, 0.95] * 2
    for row in targets.itertuples():
        members = epochs[epochs["variant"] == row.variant]
        hits = members[members["test_accuracy"] >= row.target].groupby("seed")["epoch"].min()
        assert row.reached == len(hits) > 0
        assert row.iterations_min == hits.min() * ITERATIONS // 2
        seconds = members["train_seconds"].sum() / (3 * ITERATIONS)
        assert row.seconds_per_iteration == pytest.approx(seconds)
    untrained = pd.read_csv(tables / "untrained.csv").set_index("variant")
    first = epochs[epochs["epoch"] == 0].groupby("variant", observed=True)
    for metric in ("test_loss", "test_accuracy"):
        np.testing.assert_allclose(untrained[metric], first[metric].mean()[untrained.index])
    assert untrained["n"].tolist() == [3, 3] and set(untrained["forward_images"]) == {60}
    assert untrained["forward_seconds"].between(1e-6, 0.1).all()


def test_curves_are_those_of_the_iterations(finished_once):
    iterations = pd.read_parquet(finished_once.results / "iterations")
    curves = pd.read_parquet(finished_once.results / "curves.parquet")
    assert len(curves) == 2 * 2 * ITERATIONS
    assert set(curves["n_seeds"]) == {3}
    for metric in ("train_loss", "train_accuracy"):
        ours = curves[(curves["variant"] == "ours") & (curves["metric"] == metric)]
        expected = iterations[iterations["variant"] == "ours"].groupby("iteration")[metric].mean()
        np.testing.assert_allclose(ours["mean"], expected, rtol=1e-6)
        assert (ours["lower"] <= ours["mean"]).all() and (ours["mean"] <= ours["upper"]).all()


def test_curves_of_epochs_are_those_of_the_epochs(finished_once):
    epochs = pd.read_parquet(finished_once.results / "epochs")
    curves = pd.read_parquet(finished_once.results / "curves_of_epochs.parquet")
    assert len(curves) == 2 * 2 * 3
    assert set(curves["n_seeds"]) == {3} and curves["seed"].isna().all()
    for variant in ("ours", "theirs"):
        for metric in ("test_loss", "test_accuracy"):
            part = curves[(curves["variant"] == variant) & (curves["metric"] == metric)]
            expected = epochs[epochs["variant"] == variant].groupby("epoch")[metric].mean()
            pd.testing.assert_series_equal(
                part.set_index("epoch")["mean"], expected, check_names=False, check_index_type=False
            )
            assert (part["lower"] <= part["mean"]).all() and (part["mean"] <= part["upper"]).all()


def test_figures_show_something(finished_once):
    figures = finished_once.results / "figures"
    for file in figures.glob("*.png"):
        pixels = matplotlib.image.imread(file)
        # 3.4 inches at 300 dpi; parity has two panels, so it is twice as wide
        assert pixels.shape[1] == (2040 if file.name.startswith("parity") else 1020)
        assert pixels[..., :3].std() > 0.05, file
    for metric, label in (("train_loss", "cross-entropy (nats)"), ("train_accuracy", "(%)")):
        text = (figures / f"{metric}_pair.svg").read_text()
        assert label in text and "Iteration (mini-batches of 32 images)" in text
        assert "ours" in text and "theirs" in text
        assert "mean of 3 seeds, 95 % t band (pointwise)" in text
        assert "2 epochs on raw in mini-batches of 32 images" in text and "unsmoothed" in text
        assert (figures / f"{metric}_pair.pdf").read_bytes().startswith(b"%PDF")
    for metric in ("test_loss", "test_accuracy"):
        text = (figures / f"{metric}_pair.svg").read_text()
        assert METRICS[metric].heading in text and ">Epoch<" in text and "Iteration" not in text
        assert "2 epochs on raw in mini-batches of 32 images" in text and "unsmoothed" in text
        assert (figures / f"{metric}_pair.pdf").read_bytes().startswith(b"%PDF")


def test_report_has_the_figures_and_quotes_the_configuration(finished_once):
    text = (finished_once.results / "snakemake-report.html").read_text()
    assert text.count("data:image/png;") == 6
    assert "Test accuracy after every epoch" in text and "Epoch 0 is the untrained network" in text
    assert "mini-batches of" in text and "scratch.sgd_momentum" in text
    resolved = yaml.safe_load((finished_once.results / "config.yaml").read_text())
    training = {"epochs": 2, "batch_size": 32, "threads": 1, "validation_fraction": 0}
    training |= {"device": "cpu", "stack_size": 250}
    assert resolved["training"] == training


def test_the_report_page_quotes_the_numbers(finished_once):
    results = finished_once.results
    page = (results / "report.html").read_text()
    table = pd.read_csv(results / "tables" / "final_accuracy.csv").set_index("variant")
    for variant, row in table.iterrows():
        mean = f"{100 * row['mean']:.2f} ± {100 * row['sd']:.2f}"
        cells = re.findall(rf'<th scope="row">{variant}</th>(.*?)</tr>', page)
        assert any(mean in row and ">3<" in row and ">none<" in row for row in cells)
    verdict = pd.read_csv(results / "tables" / "equivalence.csv")
    for row in verdict.itertuples():
        assert f'data-label="verdict">{row.verdict}</td>' in page
    shown = page.rpartition("<pre>")[2].partition("</pre>")[0]
    assert yaml.safe_load(html.unescape(shown)) == yaml.safe_load(
        (results / "config.yaml").read_text()
    )
    metadata = read_metadata(results / "epochs" / "ours" / "seed_0.parquet")
    assert metadata["cpu"] in page and metadata["torch"] in page
    assert "rule_sha256" not in metadata


@pytest.mark.slow
def test_a_run_in_another_folder(finished_once, tmp_path):
    """The Snakefile may lie elsewhere; jobs find its library, and the report is made, too."""
    targets = [f"results/tiny/{file}" for file in ("figures/examples.png", "snakemake-report.html")]
    elsewhere = type(finished_once)(tmp_path)
    for name in ("raw", "tiny.yaml"):
        (tmp_path / name).symlink_to(finished_once.folder / name)
    for name in ("data", "results"):
        shutil.copytree(finished_once.folder / name, tmp_path / name)
    for target in targets:
        (tmp_path / target).unlink()
    elsewhere.run(*targets, "--snakefile", str(finished_once.folder / "Snakefile"))
    assert all((tmp_path / target).exists() for target in targets)


def test_logs_show_the_progress(finished_once):
    log = (finished_once.results / "logs" / "train_ours_1.log").read_text()
    assert [line.split(":")[0] for line in log.splitlines()] == [
        "epoch 0/2",
        "epoch 1/2",
        "epoch 2/2",
    ]


def test_nested_values_on_the_command_line(finished):
    jobs = finished.would_run("--config", "training={epochs: 1}")
    assert {"train_ours_0", "train_ours_1", "train_theirs_0", "train_theirs_1"} <= jobs.keys()
    assert jobs["overlay"] == 4


@pytest.mark.parametrize(
    ("seeds_per_job", "cores"), [pytest.param(1, 2, marks=pytest.mark.slow), (3, 1)]
)
def test_bits_do_not_depend_on_seeds_per_job_or_cores(
    finished_once, prepared, seeds_per_job, cores
):
    prepared.configure(seeds_per_job=seeds_per_job)
    files = [f"iterations/ours/seed_{seed}.parquet" for seed in range(3)]
    numbers = ["epoch", "test_loss", "test_accuracy"]
    prepared.run(*(f"results/tiny/{file}" for file in files), cores=cores)
    for file in files:
        ours, other = (place.results / file for place in (prepared, finished_once))
        assert ours.read_bytes() == other.read_bytes()
        epochs = [
            pd.read_parquet(place.results / file.replace("iterations", "epochs"), columns=numbers)
            for place in (prepared, finished_once)
        ]
        pd.testing.assert_frame_equal(*epochs, check_exact=True)
        weights = [
            (place.results / file.replace("iterations", "weights"))
            .with_suffix(".safetensors")
            .read_bytes()
            for place in (prepared, finished_once)
        ]
        assert weights[0] == weights[1]
