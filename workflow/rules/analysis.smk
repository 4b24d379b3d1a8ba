# What many runs show together: smoothed curves with bands, tables, equivalence tests.

COLLECTED = f"{RESULTS}/epochs.parquet"


# Everything else that is about epochs depends on this one file. If each of its rules listed all runs,
# planning 10,000 of them would take three times as long, and so would reading them.
rule collect:
    input:
        runs=run_files("epochs"),
        code=code("collect"),
    output:
        COLLECTED,
    log:
        f"{LOGS}/collect.log",
    benchmark:
        f"{LOGS}/collect.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        expected=expected_runs(),
    script:
        "../scripts/collect.py"


rule curves:
    input:
        runs=run_files("iterations"),
        code=code("curves"),
    output:
        f"{RESULTS}/curves.parquet",
    log:
        f"{LOGS}/curves.log",
    benchmark:
        f"{LOGS}/curves.benchmark.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(2000 + N_RUNS // 4),
        runtime=growing(10 + N_RUNS // 1000),
    params:
        expected=expected_runs(),
        smoothing_window=config["curves"]["smoothing_window"],
        band=config["curves"]["band"],
        confidence_level=config["curves"]["confidence_level"],
    script:
        "../scripts/curves.py"


rule curves_of_epochs:
    input:
        runs=COLLECTED,
        code=code("curves_of_epochs"),
    output:
        f"{RESULTS}/curves_of_epochs.parquet",
    log:
        f"{LOGS}/curves_of_epochs.log",
    benchmark:
        f"{LOGS}/curves_of_epochs.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        metrics=TEST_METRICS,
        epochs=config["training"]["epochs"],
        band=config["curves"]["band"],
        confidence_level=config["curves"]["confidence_level"],
    script:
        "../scripts/curves_of_epochs.py"


rule final_accuracy:
    input:
        runs=COLLECTED,
        code=code("final_accuracy"),
    output:
        csv=report(
            f"{RESULTS}/tables/final_accuracy.csv",
            caption="../report/final_accuracy.rst",
            category="Tables",
            labels={"table": "final test accuracy"},
        ),
        markdown=f"{RESULTS}/tables/final_accuracy.md",
        latex=f"{RESULTS}/tables/final_accuracy.tex",
    log:
        f"{LOGS}/final_accuracy.log",
    benchmark:
        f"{LOGS}/final_accuracy.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        variants=list(chain.from_iterable(COMPARISONS.values())),
        confidence_level=config["curves"]["confidence_level"],
    script:
        "../scripts/final_accuracy.py"


rule targets:
    input:
        runs=COLLECTED,
        code=code("targets"),
    output:
        report(
            f"{RESULTS}/tables/targets.csv",
            caption="../report/targets.rst",
            category="Tables",
            labels={"table": "time to a test accuracy"},
        ),
    log:
        f"{LOGS}/targets.log",
    benchmark:
        f"{LOGS}/targets.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        accuracies=config["targets"]["accuracy"],
    script:
        "../scripts/targets.py"


rule untrained:
    input:
        runs=COLLECTED,
        code=code("untrained"),
    output:
        report(
            f"{RESULTS}/tables/untrained.csv",
            caption="../report/untrained.rst",
            category="Tables",
            labels={"table": "untrained network"},
        ),
    log:
        f"{LOGS}/untrained.log",
    benchmark:
        f"{LOGS}/untrained.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    script:
        "../scripts/untrained.py"


rule equivalence:
    input:
        runs=COLLECTED,
        code=code("equivalence"),
    output:
        report(
            f"{RESULTS}/tables/equivalence.csv",
            caption="../report/equivalence.rst",
            category="Tables",
            labels={"table": "equivalence"},
        ),
    log:
        f"{LOGS}/equivalence.log",
    benchmark:
        f"{LOGS}/equivalence.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        references=references(config),
        design=config["seeding"],
        margins={
            "test_accuracy": config["equivalence"]["margin"] / 100,
            "test_loss": config["equivalence"]["loss_margin"],
        },
    script:
        "../scripts/equivalence.py"


# Included only where a comparison has more than one pair, or no reference.
rule pairs:
    input:
        runs=COLLECTED,
        code=code("pairs"),
    output:
        report(
            f"{RESULTS}/tables/pairs.csv",
            caption="../report/pairs.rst",
            category="Tables",
            labels={"table": "all pairs"},
        ),
    log:
        f"{LOGS}/pairs.log",
    benchmark:
        f"{LOGS}/pairs.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        comparisons=ranked(config),
        design=config["seeding"],
        margin=config["equivalence"]["margin"] / 100,
    script:
        "../scripts/pairs.py"
