# The pages of known mistakes, one for each update rule. `make site` runs this in build/site, and
# Snakemake makes again only those that have changed.

import os
import sys
from pathlib import Path

SITE = Path(os.path.relpath(workflow.current_basedir))
LIBRARY = SITE.parent.parent / "src"
# Jobs use the library of this checkout.
sys.path.insert(0, os.path.abspath(LIBRARY))
os.environ.update(PYTHONPATH=os.path.abspath(LIBRARY))

from descent.dependencies import sources

CATALOG = LIBRARY / "descent" / "parity" / "catalog"
SCRATCH = LIBRARY / "descent" / "optimizers" / "scratch"


rule all:
    input:
        expand("mistakes/{rule}", rule=[file.stem for file in SCRATCH.glob("[a-z]*.py")]),
        "mistakes/any_rule",


rule mistakes:
    input:
        sources(SITE / "mistakes.py"),
        CATALOG.glob("*.py"),
        SCRATCH.glob("*.py"),
        script=SITE / "mistakes.py",
    output:
        directory("mistakes/{rule}"),
    shell:
        "{sys.executable:q} {input.script:q} {wildcards.rule} {output:q}"
