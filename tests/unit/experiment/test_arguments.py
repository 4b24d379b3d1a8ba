"""Command lines of Snakemake that would not do what they say."""

import pytest

from descent.errors import UsageError
from descent.experiment.arguments import check_arguments


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            "--config name=x -n --config seeds=[1]",
            "--config: given twice, but Snakemake reads only the last one; write --config once, "
            "with all values after it",
        ),
        ("-C name=x --config=seeds=[1]", "--config: given twice"),
        ("--configfile a.yaml --cores 1 --configfiles b.yaml", "--configfile: given twice"),
        ("--forcerun train", "--forcerun train: has no effect, because train only collects"),
        ("-R curves train -n", "results/mine/epochs, then snakemake, trains everything again"),
        ("--omit-from=train", "--omit-from train: has no effect"),
    ],
)
def test_what_would_be_ignored_is_refused(arguments, said):
    with pytest.raises(UsageError) as error:
        check_arguments(arguments.split(), "mine")
    assert said in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "arguments",
    [
        "--cores 2 train --configfile a.yaml b.yaml --config name=x seeds=[1]",
        "--until train --set-resources train:mem_mb=1000",
        "--forcerun curves train_ours_0 -- train",
    ],
)
def test_what_works_is_not(arguments):
    check_arguments(arguments.split(), "mine")
