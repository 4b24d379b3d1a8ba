# From raw files to the prepared tensors, which all experiments on the same data set share, and on to
# this experiment's own.

import hashlib
import json
import re
import time

from descent.data.catalog import DATASETS, EMNIST_SPLITS
from descent.data.idx import raw_folder
from descent.data.own import identify

SETTINGS = config["dataset"]
KNOWN = DATASETS[SETTINGS["name"]]
SPLIT = SETTINGS.get("split")
CLASSES = KNOWN.classes if SPLIT is None else EMNIST_SPLITS[SPLIT]
NORMALIZATION = tuple(SETTINGS.get("normalization") or ()) or KNOWN.normalization
if SETTINGS["name"] == "idx":
    # All data that differ have different folders, so that neither projects that share `data_folder`
    # nor a file that is replaced by an older one can lead to the results of other data.
    try:
        OWN = identify(
            SETTINGS["folder"],
            f"{config['data_folder']}/checksums.json",
            split=SPLIT,
            anew=workflow.is_main_process,
        )
    except DescentError as error:
        sys.exit(str(error))
    label = re.sub(r"[^\w.-]", "_", Path(SETTINGS["folder"]).name)
    CONTENT = OWN.identity
    DATASET = f"{config['data_folder']}/idx_{label}_{CONTENT}"
else:
    CONTENT = [SETTINGS["name"], SPLIT]  # fixed by the checksums of what is fetched
    DATASET = f"{config['data_folder']}/{'_'.join(filter(None, [SETTINGS['name'], SPLIT]))}"

# All that the prepared tensors depend on.
MADE_BY = code("prepare") + (code("unpack") if SETTINGS["name"] == "idx" else [])
CODE = [Path(file).read_text() for file in MADE_BY]
ABOUT = json.dumps([CONTENT, CLASSES, NORMALIZATION, CODE])
IDENTITY = hashlib.sha256(ABOUT.encode()).hexdigest()[:12]
PREPARED = f"{DATASET}/prepared_{IDENTITY}.safetensors"
# The data of this experiment. Where they are, they are the right ones, whatever their time stamp.
DATA = f"{RESULTS}/data/{IDENTITY}.safetensors"

# On the node of a job. Snakemake also waits for input there, but if it does not come, it exits with
# code 0, and results of an earlier configuration would pass for those of the job. The login node may
# have only just prepared the data, and a network file system shows them with a delay.
if workflow.remote_exec:
    give_up = time.monotonic() + 30
    while not os.path.exists(DATA):
        if time.monotonic() > give_up:
            sys.exit(f"{os.uname().nodename}: {DATA} is not visible on this node")
        time.sleep(1)


# All rules here are light or need a network, so they run where snakemake runs: on a cluster, that is
# the login node.
if config["dataset"]["name"] == "digits":

    rule write_digits:
        input:
            code=code("write_digits"),
        output:
            expand(raw_folder(DATASET) / "{file}", file=RAW_FILES),
        log:
            f"{DATASET}/logs/write_digits.log",
        benchmark:
            f"{DATASET}/logs/write_digits.benchmark.tsv"
        localrule: True
        conda:
            ENVIRONMENT
        script:
            "../scripts/write_digits.py"

elif config["dataset"]["name"] == "idx":

    rule unpack:
        input:
            files=OWN.files,
            code=code("unpack"),
        output:
            expand(raw_folder(DATASET) / "{file}", file=RAW_FILES),
        log:
            f"{DATASET}/logs/unpack.log",
        benchmark:
            f"{DATASET}/logs/unpack.benchmark.tsv"
        localrule: True
        conda:
            ENVIRONMENT
        params:
            sideways=OWN.sideways,
        script:
            "../scripts/unpack.py"

else:
    # A data set comes as four files, or as one archive that contains them all.
    ARCHIVES = list(KNOWN.checksums)
    WHOLE = len(ARCHIVES) == 1

    rule fetch:
        output:
            expand(raw_folder(DATASET) / "{file}", file=RAW_FILES if WHOLE else "{file}"),
        log:
            f"{DATASET}/logs/fetch{'' if WHOLE else '_{file}'}.log",
        benchmark:
            f"{DATASET}/logs/fetch{'' if WHOLE else '_{file}'}.benchmark.tsv"
        localrule: True
        conda:
            ENVIRONMENT
        params:
            archive=lambda wildcards: ARCHIVES[0] if WHOLE else f"{wildcards.file}.gz",
        script:
            "../scripts/fetch.py"


rule prepare:
    input:
        raw=expand(raw_folder(DATASET) / "{file}", file=RAW_FILES),
        code=code("prepare"),
    output:
        PREPARED,
    log:
        f"{DATASET}/logs/prepare.log",
    benchmark:
        f"{DATASET}/logs/prepare.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    resources:
        # As measured: 0.7 GB for MNIST, 2.7 GB for 2.1 GB of images.
        mem_mb=lambda wildcards, input, attempt: attempt * (2000 + ceil(1.3 * input.size_mb)),
        runtime=growing(5),
    params:
        normalization=NORMALIZATION,
        classes=CLASSES,
    script:
        "../scripts/prepare.py"


# An experiment keeps its data, by a hard link that takes no space. When those that all experiments
# share are removed, perhaps by `--delete-all-output` in another one, this one trains nothing again.
# There is a rule only where data are missing: a rule that makes the shared data anew would make
# Snakemake retrain or, if their time stamps are ignored, overlook other reasons to retrain.
if not os.path.exists(DATA):

    rule data:
        input:
            PREPARED,
        output:
            DATA,
        log:
            f"{LOGS}/data.log",
        benchmark:
            f"{LOGS}/data.benchmark.tsv"
        localrule: True
        conda:
            ENVIRONMENT
        script:
            "../scripts/data.py"

else:

    rule data:
        input:
            DATA,


rule examples:
    input:
        ancient(DATA),
        code=code("examples"),
    output:
        report(
            f"{RESULTS}/figures/examples.png",
            caption="../report/examples.rst",
            category="Data",
            labels={"figure": "training images"},
        ),
    log:
        f"{LOGS}/examples.log",
    benchmark:
        f"{LOGS}/examples.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    script:
        "../scripts/examples.py"


EXAMPLES = rules.examples.output
