"""The report page, from small tables."""

import base64
import re
import subprocess
import sys
from functools import partial
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from configurations import configure
from descent.analysis.curves import curves as curves_of
from descent.analysis.equivalence import equivalence as equivalence_of
from descent.analysis.summaries import final_accuracy, targets, untrained
from descent.experiment.plan import references
from descent.metrics import TRAIN_METRICS
from descent.optimizers.step import make_step
from descent.parity.replay import replay
from descent.parity.verdict import parity as parity_of
from descent.records import divergences, read_all_metadata, read_runs, write_run
from descent.reporting import documentation, interactive
from descent.reporting.figures.curves import overlay
from descent.reporting.figures.parity import parity as parity_figure
from descent.reporting.figures.style import save
from descent.reporting.report import report
from evidence import OURS, PAIR, THEIRS, accuracy, equivalence, parity
from networks import TRAINING, make_data, run

CONFIG = {
    "name": "small",
    "sweeps": {"seeds": [100], "halving": None},
    "dataset": {"name": "mnist"},
    "root_seed": 7,
    "seeding": "independent",
    "seeds": [0, 1, 2, 3, 4],
    "model": {"hidden": [100, 100]},
    "training": {
        "epochs": 20,
        "batch_size": 128,
        "threads": 1,
        "validation_fraction": 0,
        "device": "cpu",
    },
    "comparisons": PAIR,
    "curves": {"smoothing_window": 50, "confidence_level": 0.95, "band": "t"},
    "landscapes": [],
}
RUN = {
    "git_commit": "abc",
    "git_dirty": False,
    "cpu": "<Fast> & cheap",
    "python": "3.11",
    "torch": "2.15",
    "descent": "0.1.0",
    "seed": 0,
    "configuration": {"variant": "ours", "settings": OURS},
}
LOSS_AND_ACCURACY = ("loss", "accuracy")
SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 200"><metadata/>
<style>*{stroke-linejoin: round}</style><path style="fill: #ffffff"/></svg>"""
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)


def tables():
    return {
        "final_accuracy": accuracy(2, "12, 40").assign(
            sd=0.001, ci_lower=0.89, ci_upper=0.91, min=0.88, max=0.92, test_loss=0.1
        ),
        "equivalence": equivalence().assign(n=3, design="independent"),
        "parity": parity("equal to rounding", "identical").assign(
            first_seed=[0, np.nan, np.nan],
            first_run=[1, np.nan, np.nan],
            first_iteration=[3, np.nan, np.nan],
            first_tensor=["W0", np.nan, np.nan],
            different_iteration=np.nan,
        ),
        "targets": pd.DataFrame(
            {
                "variant": ["ours", "theirs"],
                "target": 0.9,
                "n": 5,
                "reached": [0, 5],
                "iterations_median": [np.nan, 938],
                "iterations_min": [np.nan, 469],
                "iterations_max": [np.nan, 1407],
                "seconds_median": [np.nan, 1.25],
                "seconds_per_iteration": 0.0004,
            }
        ),
        "untrained": pd.DataFrame(
            {
                "variant": ["ours"],
                "n": 1,
                "test_loss": 2.305,
                "test_loss_sd": np.nan,
                "test_accuracy": 0.0987,
                "test_accuracy_sd": np.nan,
                "forward_images": 256,
                "forward_seconds": 0.00031,
            }
        ),
    }


def curves(last=0.0953, n_seeds=5, over="iteration", images="train"):
    frames = [
        pd.DataFrame(
            {
                "variant": variant,
                "metric": metric,
                over: [1, 2, 3],
                "mean": [2.3, last, np.nan],
                "n_seeds": n_seeds,
                "seed": pd.NA,
            }
        )
        for variant in ("ours", "theirs")
        for metric in (f"{images}_accuracy", f"{images}_loss")
    ]
    return pd.concat(frames)


def curves_of_epochs(**changes):
    return curves(over="epoch", images="test", **changes)


@pytest.fixture
def figures(tmp_path):
    names = [f"{images}_{what}_pair" for images in ("train", "test") for what in LOSS_AND_ACCURACY]
    files = [tmp_path / f"{name}.svg" for name in [*names, "parity_pair"]]
    for file in files:
        file.write_text(SVG)
    (tmp_path / "examples.png").write_bytes(PIXEL)
    return files


def write(figures, **changes):
    content = {
        "config": CONFIG,
        "tables": tables(),
        "figures": figures,
        "examples": figures[0].parent / "examples.png",
        "curves": curves(),
        "curves_of_epochs": curves_of_epochs(),
        "labels": ["5", "0", "4"],
        "n_classes": 10,
        "n_images": 1000,
        "provenance": [RUN],
    }
    return report(**(content | changes))


def section(page, name):
    [found] = re.findall(rf'<section id="{name}".*?</section>', page, flags=re.DOTALL)
    return found


class Outline(HTMLParser):
    """Collect the tags of a page; every tag must be closed in order."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def test_the_page_is_whole_and_needs_nothing_else(figures):
    page = write(figures)
    outline = Outline(page)
    assert outline.all("html") == [{"lang": "en"}]
    assert all(image["src"].startswith("data:image/") for image in outline.all("img"))
    assert outline.all("script") == [] and outline.all("link") == []
    assert "://" not in page.replace("http://www.w3.org/", "")  # the namespace of SVG
    assert {heading["scope"] for heading in outline.all("th")} == {"col", "row"}
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    anchors = {link["href"][1:] for link in outline.all("a") if link["href"].startswith("#")}
    assert anchors <= set(ids) and {"evidence", "gaps", "next", "terms", "margin"} <= anchors
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and all(after <= before + 1 for before, after in pairwise(levels))


def test_landscapes_are_shown_where_they_are_configured(figures):
    assert 'id="landscapes"' not in write(figures)
    names = [f"landscape_{function}_pair" for function in ("beale", "saddle")]
    files = [figures[0].with_name(f"{name}.svg") for name in names]
    for file in files:
        file.write_text(SVG)
    config = CONFIG | {"landscapes": ["beale", "saddle"]}
    outline = Outline(section(write([*figures, *files], config=config), "landscapes"))
    told = [image["alt"] for image in outline.all("img")]
    assert len(told) == 2 and "Beale's function" in told[0] and "ours, theirs" in told[0]
    links = {link["href"] for link in outline.all("a")}
    assert {"landscapes/saddle_pair.html", "figures/landscape_saddle_pair.pdf"} <= links


def test_images_are_told_in_words_with_their_numbers(figures):
    told = {image["alt"] for image in Outline(write(figures)).all("img")}
    assert (
        "Curves of train cross-entropy (nats) against the iteration: ours goes from 2.3 to 0.0953 "
        "at iteration 2; theirs goes from 2.3 to 0.0953 at iteration 2."
    ) in told
    assert (
        "Curves of test accuracy (%) against the epoch: ours goes from 230 % to 9.53 % at epoch 2; "
        "theirs goes from 230 % to 9.53 % at epoch 2."
    ) in told
    [of_parity] = (text for text in told if text.startswith("Difference from the reference"))
    assert "ours in float32: at most 3.2e\N{MINUS SIGN}08 of the tensor's scale" in of_parity
    assert of_parity.count("ours in ") == 2  # the trials are not in the figure
    assert "Grayscale images, each below its label; row by row: 5, 0, 4" in told


def test_what_was_run_and_how_to_read_curves_is_said_once(figures):
    page = write(figures)
    assert "20 epochs on mnist in mini-batches of 128 images" in page
    assert "<dt>ours</dt><dd>scratch.sgd, lr = 0.1</dd>" in page
    for sentence in (
        "mean of 5 seeds, 95 % t band (pointwise).",
        "every mini-batch, before the update that follows it; moving average over 3 iterations.",
        "epoch 0 is the untrained network",
        "more room near 100 %",
        "every 8 iterations, are expected",
    ):
        assert page.count(sentence) == 1
    assert "diverges. A cross marks the place" not in page
    assert "1 seed, hence no band" in write(figures, curves=curves(n_seeds=1))
    one_epoch = {**CONFIG, "training": {**CONFIG["training"], "epochs": 1}}
    assert "ends of epochs" not in write(figures, config=one_epoch)


def test_losses_stand_beside_accuracies_and_training_above_test(figures):
    links = [link["href"] for link in Outline(write(figures)).all("a")]
    assert [link for link in links if link.endswith(".pdf")][:4] == [
        f"figures/{images}_{what}_pair.pdf"
        for images in ("train", "test")
        for what in LOSS_AND_ACCURACY
    ]


def test_every_picture_has_one_caption_and_those_of_the_test_images_are_there(figures):
    page = write(figures)
    found = re.findall(r"<figure>(.*?)</figure>", page, flags=re.DOTALL)
    assert len(found) == len(figures)  # the grid of images is in a smaller one
    for figure in found:
        assert figure.count("<img") == figure.count("<figcaption>") == 1
    for file in figures[:4]:
        assert sum(f"figures/{file.stem}.pdf" in figure for figure in found) == 1
    captions = re.findall(r"<figcaption>(.*?)<span", page, flags=re.DOTALL)
    assert len(set(captions)) == len(captions) == len(found)


def test_tables_follow_the_order_of_the_configuration(figures):
    reordered = {"pair": dict(reversed(PAIR["pair"].items()))}
    for comparisons, first in ((PAIR, "ours"), (reordered, "theirs")):
        page = write(figures, config={**CONFIG, "comparisons": comparisons})
        for name in ("accuracy", "targets"):
            assert re.search(r'<th scope="row">(\w+)</th>', section(page, name))[1] == first


def test_own_images_have_the_name_of_their_folder(figures):
    data = {"name": "idx", "folder": "scans/leaves"}
    page = write(figures, config={**CONFIG, "dataset": data})
    assert "The first training images of leaves," in page and " on leaves in " in page


def test_cells_have_units_and_say_what_is_missing(figures):
    page = re.sub(r"<td[^>]*>", "<td>", write(figures))
    assert "<td>2, at iteration 12, 40</td>" in page
    assert "<td>0 of 5 runs</td><td>-</td><td>-</td>" in page
    assert "<td>5 of 5 runs</td><td>938 (469 to 1407)</td><td>1.25</td><td>0.4</td>" in page
    assert "<td>2.3050</td><td>9.87</td><td>256 images in 0.31 ms</td>" in page
    assert "<td>iteration 3, W0 (seed 0, run 1)</td><td>-</td>" in page
    assert "<td>3 and 5, independent</td>" in page
    assert "<td>training, float32</td>" in page and "<td>trials</td>" in page
    assert not re.search(r"\bnan\b", page)


def test_all_pairs_and_what_tuning_took_are_shown_where_there_are_any(figures):
    assert "All pairs" not in write(figures)
    swept = {"ours": {**OURS, "lr": [0.1, 0.2]}, "theirs": {**THEIRS, "reference": False}}
    config = {**CONFIG, "comparisons": {"pair": swept}}
    selected = {
        name: table.replace("ours", "ours_selected") if "variant" in table else table
        for name, table in tables().items()
    }
    selected["pairs"] = equivalence("inconclusive").iloc[:1].replace("ours", "ours_selected")
    selected["parity"] = selected["parity"].iloc[:0]
    selected["selection"] = pd.DataFrame(columns=["variant"])
    means = curves().replace("ours", "ours_selected")
    of_epochs = curves_of_epochs().replace("ours", "ours_selected")
    page = write(figures, config=config, tables=selected, curves=means, curves_of_epochs=of_epochs)
    assert "All pairs of variants" in page
    assert "theirs is best, tied with ours_selected." in page
    assert (
        "ours_selected was tuned with 2 combinations, 2 runs and 40 epochs in all. "
        "theirs was not tuned."
    ) in page


def test_learning_rates_are_shown_where_they_follow_a_schedule(figures):
    assert "Learning rates" not in write(figures)
    scheduler = {"name": "ExponentialLR", "gamma": 0.5}
    settings = {**OURS, "lr_scheduler": scheduler, "gradient_clipping": {"norm": 1.0}}
    config = {
        **CONFIG,
        "training": {**CONFIG["training"], "epochs": 2, "validation_fraction": 0.1},
        "comparisons": {"pair": {"ours": {**settings, "lr": [0.1, 1]}, "theirs": THEIRS}},
    }
    # what was trained, not what is configured: a sweep has selected its rate
    runs = [{**RUN, "configuration": {"variant": "ours_selected", "settings": settings}}, RUN]
    selected = {
        name: table.replace("ours", "ours_selected") if "variant" in table else table
        for name, table in tables().items()
    }
    means = curves().replace("ours", "ours_selected")
    page = write(figures, config=config, tables=selected, curves=means, provenance=runs)
    [alt] = [one["alt"] for one in Outline(page).all("img") if "Learning" in one["alt"]]
    assert alt == "Learning rate against the iteration: ours_selected from 0.1 to 0.05."
    assert "a schedule. ours_selected: ExponentialLR (gamma = 0.5, per epoch)." in page
    assert "gradients clipped at norm 1.0" in page


def test_a_cross_comes_with_its_hint_and_the_command_that_checks_the_rule(figures):
    wrong = parity(
        "different", "different", "different", hint="this looks like sgd <with> a mistake"
    )
    page = write(figures, tables=tables() | {"parity": wrong})
    [verdict] = re.findall(r'<div class="verdict different">.*?</div>', page, flags=re.DOTALL)
    assert "✗" in verdict and "Hint: this looks like sgd &lt;with&gt; a mistake.</p>" in verdict
    command = "descent check scratch.sgd --against torch.optim.SGD --set lr=0.1"
    assert f"<pre>{command}</pre>" in section(page, "next")


def test_rules_that_are_the_same_differ_in_accuracy_because_of_their_seeds(figures):
    because = "Update rules that are the same differ in accuracy because their seeds differ"
    assert because in section(write(figures), "accuracy")  # 0.04 points apart
    for table, change in (
        ("equivalence", {"difference": 0.0, "sd": 0.0}),
        ("equivalence", {"design": "paired"}),
        ("parity", {"verdict": "different"}),
    ):
        changed = tables() | {table: tables()[table].assign(**change)}
        assert because not in write(figures, tables=changed)


def test_it_says_what_was_not_checked_and_with_which_schedule(figures):
    page = write(figures)
    gaps = section(page, "gaps")
    assert "2 of 5 of ours" in gaps and "A learning rate that follows a schedule" in gaps
    assert "were compared while the learning rate followed" not in page
    scheduled = {**CONFIG, "parity": {"lr_scheduler": {"name": "StepLR", "step_size": 1}}}
    page = write(figures, config=scheduled)
    assert "followed one (parity.lr_scheduler):\nStepLR (step_size = 1, per epoch)." in page
    assert "A learning rate that follows a schedule" not in section(page, "gaps")


def test_documents_are_named_and_linked_once_there_is_an_address(figures, monkeypatch):
    page = write(figures)
    assert "<code>docs/statistics.md</code>" in page and "example.org" not in page
    monkeypatch.setattr(documentation, "_ADDRESS", "https://host/owner/descent")
    page = write(figures)
    link = '<a href="https://host/owner/descent/blob/main/docs/statistics.md">'
    assert f"{link}docs/statistics.md</a>" in page


def test_text_is_escaped(figures):
    assert "&lt;Fast&gt; &amp; cheap" in write(figures)


def test_runs_of_several_commits_are_all_named(figures):
    page = write(figures, provenance=[RUN, RUN, {**RUN, "git_commit": "def", "git_dirty": True}])
    assert "<dd>abc; def, with uncommitted changes</dd>" in page
    assert "<dd>unknown</dd>" in write(figures, provenance=[{**RUN, "git_commit": None}])


def test_a_curve_without_a_finite_value(figures):
    page = write(figures, curves=curves().assign(mean=np.nan))
    assert "ours has no finite value" in page


def test_every_run_may_have_diverged(tmp_path):
    """From the runs to both pages, as the workflow makes them."""
    settings = {"optimizer": "torch.optim.SGD", "lr": 1e30}
    experiment = {"comparisons": {"pair": {"ours": settings, "theirs": settings}}}
    experiment["comparisons"]["pair"]["theirs"] = {**settings, "reference": True}
    config = configure(seeds=[0, 1], seeds_per_job=1, **experiment)
    files = {kind: [] for kind in ("iterations", "epochs", "weights")}
    for variant in ("ours", "theirs"):
        for one in run(make_data(), settings, [0, 1], variant=variant):
            for kind, paths in files.items():
                paths.append(tmp_path / kind / f"{variant}_{one.seed}")
            configuration = {"variant": variant, "root_seed": 0, "seeding": "independent"}
            paths = [paths[-1] for paths in files.values()]
            write_run(one, {**configuration, "settings": settings}, *paths)
    expected = {"ours": [0, 1], "theirs": [0, 1]}
    diverged = divergences(files["epochs"])
    about = read_all_metadata(files["epochs"])
    final = read_runs(files["epochs"], expected, ["test_accuracy", "test_loss"])
    timed = read_runs(files["epochs"], expected, ["iteration", "test_accuracy", "train_seconds"])
    iterations = read_runs(files["iterations"], expected, TRAIN_METRICS)
    makers = {
        v: partial(make_step, "torch.optim.SGD", hyperparameters={"lr": 1e30}) for v in expected
    }
    trace = replay(make_data(), makers, "theirs", [0, 1], iterations=5, training=TRAINING)
    margins = {"test_accuracy": 0.005, "test_loss": 0.01}
    found = {
        "final_accuracy": final_accuracy(final, diverged, confidence_level=0.95),
        "targets": targets(timed, [0.9]),
        "untrained": untrained(final, {one: about[one]["forward_pass"] for one in about}),
        "equivalence": equivalence_of(
            final, diverged, references(config), margins, design="independent"
        ),
        "parity": parity_of({"pair": trace}, {"pair": "theirs"}, 2),
    }
    assert found["final_accuracy"]["diverged"].tolist() == [2, 2]
    assert found["final_accuracy"]["mean"].isna().all()
    for name, table in found.items():  # as the report reads them
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        found[name] = pd.read_csv(tmp_path / f"{name}.csv", dtype={"diverged_at": str})
    look = {"smoothing_window": 1, "band": "t", "confidence_level": 0.95}
    means = curves_of(iterations, **look)
    of_epochs = curves_of(final, **look, over="epoch", length=3)
    pictures = [tmp_path / "parity_pair.svg"]
    for table in (means, of_epochs):
        for metric in table["metric"].cat.categories:
            pictures.append(tmp_path / f"{metric}_pair.svg")
            overlay(
                table[table["metric"] == metric],
                found["final_accuracy"],
                list(expected),
                metric,
                [str(pictures[-1])],
                **look,
                batch_size=32,
                experiment="",
            )
    save(parity_figure(trace, reference="theirs", n_seeds=2), [str(pictures[0])])
    (tmp_path / "examples.png").write_bytes(PIXEL)
    page = report(
        config={**config, "curves": look},
        tables=found,
        figures=pictures,
        examples=tmp_path / "examples.png",
        curves=means,
        curves_of_epochs=of_epochs,
        labels=["5"],
        n_classes=4,
        n_images=300,
        provenance=list(about.values()),
    )
    Outline(page)
    assert "2, at iteration" in page and not re.search(r"\bnan\b", page)
    page = interactive.page(
        read_runs(files["iterations"], expected, ["epoch", *TRAIN_METRICS]),
        final,
        name="wild",
        experiment="",
        comparisons=PAIR,
        epochs=2,
        settings=look,
    )
    assert "ours" in page and "theirs" in page


def test_a_gpu_is_named(figures):
    assert "<dt>GPU</dt>" not in write(figures, provenance=[RUN, {**RUN, "device": "cpu"}])
    gpus = [{**RUN, "device": "cuda", "device_name": name} for name in ("H100", "H100", "A100")]
    assert "<dt>GPU</dt><dd>H100; A100</dd>" in write(figures, provenance=gpus)


def test_the_report_and_its_verdicts_need_no_torch():
    code = "import sys, descent.reporting.report; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
