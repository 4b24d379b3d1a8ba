# The atlas, one job for each name. `make atlas` runs this in build/atlas, and Snakemake compares again
# only what has changed in families.yaml: delete the folder after an upgrade of a package.

import json
import os
import sys
from pathlib import Path

import yaml

ATLAS = Path(os.path.relpath(workflow.current_basedir))
# Jobs use the library of this checkout, one thread each, and what JAX has compiled before.
os.environ.update(
    PYTHONPATH=os.path.abspath(ATLAS.parent.parent / "src"),
    OMP_NUM_THREADS="1",
    JAX_COMPILATION_CACHE_DIR=os.path.abspath("jax"),
    JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="0",
)
FAMILIES = {
    name.replace(" ", "_"): (name, family)
    for name, family in yaml.safe_load((ATLAS / "families.yaml").read_text()).items()
}


def without_words(family):
    """Return what the comparison of a family depends on, as a string."""
    return json.dumps({key: part for key, part in family.items() if key != "why"})


localrules:
    publish,


rule publish:
    input:
        expand("{name}.json", name=FAMILIES),
        script=ATLAS / "publish_atlas.py",
    output:
        touch("published"),
    shell:
        "{sys.executable:q} {input.script:q} ."


rule compare:
    input:
        script=ATLAS / "compare.py",
    output:
        "{name}.json",
    log:
        "{name}.log",
    params:
        name=lambda wildcards: FAMILIES[wildcards.name][0],
        family=lambda wildcards: without_words(FAMILIES[wildcards.name][1]),
    shell:
        "{sys.executable:q} {input.script:q} {params.name:q} {output:q} > {log:q} 2>&1"
