# From raw files to the prepared tensors: shared by all experiments on the same data set.

import time

# On the node of a job. Snakemake also waits for input there, but if it does not come, it exits with
# code 0, and results of an earlier configuration would pass for those of the job. The login node may
# have only just prepared the data, and a network file system shows them with a delay.
if workflow.remote_exec:
    give_up = time.monotonic() + 30
    while not os.path.exists(PREPARED):
        if time.monotonic() > give_up:
            sys.exit(f"{os.uname().nodename}: {PREPARED} is not visible on this node")
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
            idx_file,
        output:
            raw_folder(DATASET) / "{file}",
        log:
            f"{DATASET}/logs/unpack_{{file}}.log",
        benchmark:
            f"{DATASET}/logs/unpack_{{file}}.benchmark.tsv"
        localrule: True
        conda:
            ENVIRONMENT
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
        mem_mb=growing(2000),
        runtime=growing(5),
    params:
        normalization=KNOWN.normalization,
        classes=KNOWN.classes,
    script:
        "../scripts/prepare.py"


rule examples:
    input:
        PREPARED,
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
