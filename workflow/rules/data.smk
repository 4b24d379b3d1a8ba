# From raw files to the prepared tensors: shared by all experiments on the same data set.


if config["dataset"]["name"] == "digits":

    rule write_digits:
        input:
            code=library("data", "idx"),
        output:
            expand(raw_folder(DATASET) / "{file}", file=RAW_FILES),
        log:
            f"{DATASET}/logs/write_digits.log",
        conda:
            "../../environment.yml"
        resources:
            mem_mb=1000,
            runtime=5,
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
        conda:
            "../../environment.yml"
        resources:
            mem_mb=500,
            runtime=5,
        script:
            "../scripts/unpack.py"

else:

    rule fetch:
        output:
            raw_folder(DATASET) / "{file}",
        log:
            f"{DATASET}/logs/fetch_{{file}}.log",
        conda:
            "../../environment.yml"
        resources:
            mem_mb=500,
            runtime=30,
        script:
            "../scripts/fetch.py"


rule prepare:
    input:
        raw=expand(raw_folder(DATASET) / "{file}", file=RAW_FILES),
        code=library("data", "idx"),
    output:
        PREPARED,
    log:
        f"{DATASET}/logs/prepare.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=2000,
        runtime=5,
    params:
        name=config["dataset"]["name"],
    script:
        "../scripts/prepare.py"


rule examples:
    input:
        PREPARED,
        code=library("figures/examples", "figures/style"),
    output:
        report(
            f"{RESULTS}/figures/examples.png",
            caption="../report/examples.rst",
            category="Data",
            labels={"figure": "training images"},
        ),
    log:
        f"{LOGS}/examples.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=5,
    script:
        "../scripts/examples.py"
