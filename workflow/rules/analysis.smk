# What many runs show together: smoothed curves with bands, tables, equivalence tests.


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
        runs=run_files("epochs"),
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
        expected=expected_runs(),
        metrics=TEST_METRICS,
        epochs=config["training"]["epochs"],
        band=config["curves"]["band"],
        confidence_level=config["curves"]["confidence_level"],
    script:
        "../scripts/curves_of_epochs.py"


rule final_accuracy:
    input:
        runs=run_files("epochs"),
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
        expected=expected_runs(),
        variants=list(chain.from_iterable(COMPARISONS.values())),
        confidence_level=config["curves"]["confidence_level"],
    script:
        "../scripts/final_accuracy.py"


rule targets:
    input:
        runs=run_files("epochs"),
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
        expected=expected_runs(),
        accuracies=config["targets"]["accuracy"],
    script:
        "../scripts/targets.py"


rule untrained:
    input:
        runs=run_files("epochs"),
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
    params:
        expected=expected_runs(),
    script:
        "../scripts/untrained.py"


rule equivalence:
    input:
        runs=run_files("epochs"),
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
        expected=expected_runs(),
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
        runs=run_files("epochs"),
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
        expected=expected_runs(),
        comparisons=ranked(config),
        design=config["seeding"],
        margin=config["equivalence"]["margin"] / 100,
    script:
        "../scripts/pairs.py"
