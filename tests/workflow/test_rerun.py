"""What runs again, and what does not."""

import gzip
import json
import os
import shutil

import pytest

from checkouts import TINY, trains

TRAINING = {"train_ours_0": 1, "train_ours_1": 1, "train_theirs_0": 1, "train_theirs_1": 1}


PAGES = {"report": 1, "snakemake_report": 1}


def edit(checkout, module, addition="# changed"):
    file = checkout.folder / "src" / "descent" / f"{module}.py"
    source = file.read_text()
    file.write_text(f"{source}\n{addition}\n")
    return lambda: file.write_text(source)


def test_a_second_run_does_nothing(finished):
    assert "Nothing to be done" in finished.run()


def test_a_touched_or_moved_checkout_does_nothing(finished):
    for file in (finished.folder / "src").rglob("*.py"):
        file.touch()
    moved = type(finished)(finished.folder.rename(finished.folder.with_name("moved")))
    assert moved.would_run() == {}


@pytest.mark.slow
def test_results_from_before_the_move_are_kept(finished):
    """Their records name files of the library, and parameters, that are no more."""
    for record in (finished.folder / ".snakemake" / "metadata").iterdir():
        about = json.loads(record.read_text())
        about |= {"input": ["workflow/descent/training.py"], "params": ["'old'"]}
        record.write_text(json.dumps(about))
    files = {file: file.read_bytes() for file in finished.results.rglob("*.*") if file.is_file()}
    assert trains(finished.would_run()) == TRAINING
    finished.run("--touch")
    assert finished.would_run() == {}
    assert all(file.read_bytes() == before for file, before in files.items())


def test_another_name_fetches_no_data_again(finished):
    jobs = finished.would_run("--config", "name=other")
    assert trains(jobs) == TRAINING
    assert not {"unpack", "fetch", "write_digits", "prepare"} & jobs.keys()


def test_a_deleted_run_reruns_its_job_and_what_follows(finished):
    (finished.results / "iterations" / "ours" / "seed_2.parquet").unlink()
    jobs = finished.would_run()
    assert trains(jobs) == {"train_ours_1": 1}
    assert {"curves", "overlay", "interactive", "report", "snakemake_report"} <= jobs.keys()
    assert jobs["curves_of_epochs"] == 1 and jobs["overlay"] == 4


def test_settings_of_the_curves_train_nothing(finished):
    for setting in ("smoothing_window: 20", "confidence_level: 0.9", "band: sd"):
        jobs = finished.would_run("--config", f"curves={{{setting}}}")
        assert trains(jobs) == {}
        assert jobs["curves"] == 1
        of_epochs = jobs.get("curves_of_epochs", 0), jobs["overlay"]
        assert of_epochs == ((0, 2) if setting.startswith("smoothing") else (1, 4))
        assert {"interactive", "report", "snakemake_report"} <= jobs.keys()
        assert ("final_accuracy" in jobs) == setting.startswith("confidence")
    jobs = finished.would_run("--config", "equivalence={margin: 1}")
    pages = {"configuration": 1, "report": 1, "snakemake_report": 1}
    assert jobs == {"equivalence": 1, **pages}
    jobs = finished.would_run("--config", "targets={accuracy: [0.5]}")
    assert jobs == {"targets": 1, **pages}


def test_a_third_variant_is_compared_with_both(finished):
    other = {"other": {"optimizer": "torch.optim.SGD", "lr": 0.05}}
    finished.configure(comparisons={"pair": TINY["comparisons"]["pair"] | other})
    jobs = finished.would_run()
    assert jobs["pairs"] == 1
    assert trains(jobs) == {"train_other_0": 1, "train_other_1": 1}


def test_two_settings_that_change_places_retrain(finished):
    """Snakemake compares the values of parameters, not their names."""
    finished.configure(training={"epochs": 32, "batch_size": 2})  # they were 2 and 32
    assert trains(finished.would_run()) == TRAINING


def test_settings_of_parity_train_nothing(finished):
    jobs = finished.would_run("--config", "parity={iterations: 7}")
    pages = {"configuration": 1, "report": 1, "snakemake_report": 1}
    assert jobs == {"replay": 1, "parity": 1, "parity_figure": 1, **pages}


def test_other_seeding_retrains(finished):
    jobs = finished.would_run("--config", "seeding=paired")
    assert trains(jobs) == TRAINING and jobs["equivalence"] == 1


@pytest.mark.slow
def test_another_device_retrains_and_the_size_of_a_stack_only_on_a_gpu(finished):
    jobs = finished.would_run("--config", "training={device: auto}")
    assert trains(jobs) == TRAINING and jobs["replay"] == 1
    jobs = finished.would_run("--config", "training={stack_size: 100}")
    assert jobs == {"configuration": 1, **PAGES}
    finished.run("--touch", "--config", "training={device: auto}")
    assert finished.would_run("--config", "training={device: auto}") == {}
    jobs = finished.would_run("--config", "training={device: auto, stack_size: 100}")
    assert trains(jobs) == TRAINING and "replay" not in jobs


def test_code_of_the_figures_reruns_figures_only(finished):
    edit(finished, "reporting/figures/curves")
    assert finished.would_run() == {"overlay": 4, **PAGES}
    edit(finished, "reporting/figures/style", 'COLOUR = "red"')
    assert finished.would_run() == {
        "examples": 1,
        "overlay": 4,
        "parity_figure": 1,
        "interactive": 1,
        **PAGES,
    }


def test_code_of_the_pages_reruns_the_pages_only(finished):
    edit(finished, "reporting/conclusions")
    assert finished.would_run() == {"report": 1}
    template = finished.folder / "src/descent/reporting/templates/interactive.html.jinja"
    template.write_text(template.read_text() + "<!-- changed -->")
    assert finished.would_run() == {"report": 1, "interactive": 1}


def test_code_of_the_training_reruns_training(finished):
    for module in ("training/loop", "training/seeding", "model", "optimizers/step", "records"):
        undo = edit(finished, module)
        assert trains(finished.would_run()) == TRAINING
        undo()


def test_errors_and_public_names_rerun_nothing(finished):
    edit(finished, "errors", 'class NewError(DescentError):\n    """New."""')
    edit(finished, "__init__", '_HOMES["new"] = "descent.model"')
    edit(finished, "jobs")
    assert finished.would_run() == {}


def test_a_new_import_in_a_leaf_is_followed(finished):
    """The list of a stage's sources is computed: an import inside a function of a leaf counts."""
    leaf = finished.folder / "src" / "descent" / "analysis" / "equivalence.py"
    new = leaf.with_name("new_leaf.py")
    new.write_text("VALUE = 1\n")
    assert finished.would_run() == {}
    source = (
        "\n\ndef unused():\n    from descent.analysis.new_leaf import VALUE\n    return VALUE\n"
    )
    leaf.write_text(leaf.read_text() + source)
    stages = {"equivalence": 1, **PAGES}
    assert finished.would_run() == stages
    finished.run("--touch")
    assert finished.would_run() == {}
    new.write_text("VALUE = 2\n")
    assert finished.would_run() == stages


def test_code_of_an_update_rule_reruns_its_variants_only(finished):
    edit(finished, "optimizers/scratch/sgd_momentum")
    assert trains(finished.would_run()) == {"train_ours_0": 1, "train_ours_1": 1}
    edit(finished, "optimizers/scratch/sgd")
    assert trains(finished.would_run()) == {"train_ours_0": 1, "train_ours_1": 1}


@pytest.mark.slow
def test_code_that_an_update_rule_imports_reruns_its_variants(finished):
    pair = {
        "adam": {"optimizer": "scratch.adam"},
        "theirs": TINY["comparisons"]["pair"]["theirs"],
    }
    finished.configure(comparisons={"pair": pair})
    finished.run("train")
    edit(finished, "optimizers/scratch/_gradients")
    assert trains(finished.would_run("train")) == {"train_adam_0": 1, "train_adam_1": 1}


def test_an_appended_seed_trains_only_its_job(finished):
    finished.configure(seeds=[0, 1, 2, 3])
    assert trains(finished.would_run()) == {"train_ours_1": 1, "train_theirs_1": 1}
    finished.configure(seeds=[0, 1, 2, 3, 4])
    assert trains(finished.would_run()) == {
        "train_ours_1": 1,
        "train_ours_2": 1,
        "train_theirs_1": 1,
        "train_theirs_2": 1,
    }


def test_seeds_per_job_trains_nothing(finished):
    for seeds_per_job in (1, 3, 5):
        finished.configure(seeds_per_job=seeds_per_job)
        jobs = finished.would_run()
        assert set(jobs) <= {"configuration", "report", "snakemake_report"}


def test_marking_a_reference_trains_nothing(finished):
    pair = {name: dict(settings) for name, settings in TINY["comparisons"]["pair"].items()}
    pair["ours"]["reference"] = pair["theirs"].pop("reference")
    finished.configure(comparisons={"pair": pair})
    jobs = finished.would_run()
    assert trains(jobs) == {} and jobs["equivalence"] == 1


def test_another_variant_trains_only_itself(finished):
    pair = {
        **TINY["comparisons"]["pair"],
        "adam": {"optimizer": "torch.optim.Adam", "lr": 0.01},
    }
    finished.configure(comparisons={"pair": pair})
    assert trains(finished.would_run()) == {"train_adam_0": 1, "train_adam_1": 1}


def test_a_hyperparameter_retrains_only_its_variant(finished):
    jobs = finished.would_run("--config", "comparisons={pair: {theirs: {lr: 0.1}}}")
    assert trains(jobs) == {"train_theirs_0": 1, "train_theirs_1": 1}


def test_other_sources_fetch_nothing_again(finished):
    jobs = finished.would_run("--config", "dataset={sources: [elsewhere]}")
    assert jobs.keys() <= {"configuration", "report", "snakemake_report"}


def test_changed_data_are_prepared_again(finished):
    file = finished.folder / "raw" / "t10k-labels-idx1-ubyte"
    file.write_bytes(file.read_bytes()[:-1] + b"\2")
    jobs = finished.would_run()
    assert jobs["unpack"] == 1 and jobs["prepare"] == 1
    assert trains(jobs) == TRAINING


def test_a_file_that_is_replaced_by_an_older_one_is_another(finished):
    file = finished.folder / "raw" / "t10k-labels-idx1-ubyte"
    file.write_bytes(file.read_bytes()[:-1] + b"\2")
    os.utime(file, (1, 1))
    jobs = finished.would_run()
    assert jobs["unpack"] == 1 and jobs["prepare"] == 1 and jobs["data"] == 1
    assert trains(jobs) == TRAINING and jobs["replay"] == 1 and jobs["examples"] == 1


#: As if all files were large: Snakemake compares only small ones by their content.
LARGE = ("--max-checksum-file-size", "0")


def test_files_that_are_touched_renamed_or_packed_are_the_same(finished):
    raw = finished.folder / "raw"
    for file in list(raw.iterdir()):
        content = file.read_bytes()
        file.unlink()
        name = file.name.replace("-idx", ".idx")
        (raw / f"{name}.gz").write_bytes(gzip.compress(content))
    assert finished.would_run(*LARGE) == {}


def test_an_experiment_outlives_the_data_that_all_share(finished):
    """It trains nothing again, and what is new is trained on the same data."""
    shutil.rmtree(finished.folder / "data")
    assert finished.would_run(*LARGE) == {}
    finished.configure(seeds=[0, 1, 2, 3])
    jobs = finished.would_run(*LARGE)
    assert trains(jobs) == {"train_ours_1": 1, "train_theirs_1": 1}
    assert not {"unpack", "prepare", "data"} & jobs.keys()


@pytest.mark.slow
def test_deleting_all_of_one_experiment_leaves_the_others(finished):
    other = ("--config", "name=other")
    run = "results/other/iterations/ours/seed_0.parquet"
    finished.run(run, *other)
    finished.run("--delete-all-output", *other)
    assert not (finished.folder / run).exists()
    shutil.rmtree(finished.folder / "data")
    shutil.rmtree(finished.folder / "results" / "other")
    assert finished.would_run(*LARGE) == {}
    finished.run(run, *other)  # makes the data anew, with a new time stamp
    assert list(finished.folder.glob("data/*/prepared*"))
    assert finished.would_run(*LARGE) == {}
    finished.configure(seeds=[0, 1, 2, 3])
    assert trains(finished.would_run(*LARGE)) == {"train_ours_1": 1, "train_theirs_1": 1}


def test_other_code_of_the_preparation_retrains(finished):
    for module, rule in (("data/prepare", "prepare"), ("data/unpack", "unpack")):
        undo = edit(finished, module)
        jobs = finished.would_run()
        assert trains(jobs) == TRAINING and jobs[rule] == 1
        undo()


def test_another_normalization_prepares_and_trains_again(finished):
    jobs = finished.would_run("--config", "dataset={normalization: [0.5, 0.5]}")
    assert trains(jobs) == TRAINING and jobs["prepare"] == 1 and "unpack" not in jobs


def test_one_figure_can_be_asked_for(finished):
    for metric in ("train_loss", "test_loss"):
        figure = finished.results / "figures" / f"{metric}_pair.png"
        figure.unlink()
        target = str(figure.relative_to(finished.folder))
        assert finished.would_run(target) == {"overlay": 1}
        finished.run(target)
        assert figure.exists()


def test_more_seeds_add_training_jobs_only(checkout):
    """What a run costs beside training is a number of jobs, whatever the number of seeds."""
    few = checkout.would_run()
    assert sum(few.values()) == 26
    checkout.configure(seeds=list(range(60)), seeds_per_job=20)
    many = checkout.would_run()
    training = {"train_ours_2", "train_theirs_2"}
    assert {rule: jobs for rule, jobs in many.items() if rule not in training} == few
    assert training <= many.keys()
