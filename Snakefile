import os
import sys
from pathlib import Path

# Relative, so that a moved checkout reruns nothing.
LIBRARY = Path(os.path.relpath(workflow.basedir)) / "workflow"
sys.path.insert(0, os.path.abspath(LIBRARY))
# Jobs use the library of this checkout, wherever they run.
os.environ.update(PYTHONPATH=os.path.abspath(LIBRARY))

from descent.configuration import (
    ConfigurationError,
    references,
    resolve,
    seed_blocks,
    variants,
)
from descent.files import check_writable

try:
    config = resolve(LIBRARY.parent / "config" / "config.yaml", overrides=config)
    check_writable(f"results/{config['name']}/logs")
    check_writable(config["data_folder"])
except (ConfigurationError, OSError) as error:
    sys.exit(str(error))


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/sweeps.smk"
include: "workflow/rules/curves.smk"
include: "workflow/rules/parity.smk"
include: "workflow/rules/evidence.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        run_files("iterations"),
        run_files("epochs"),
        run_files("weights", suffix="safetensors"),
        f"{RESULTS}/figures/examples.png",
        FIGURES,
        PARITY,
        TABLES,
        SELECTION,
        f"{RESULTS}/report.html",
        f"{RESULTS}/interactive.html",
        f"{RESULTS}/snakemake-report.html",
