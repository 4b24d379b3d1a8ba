# What the numbers say.


rule final_accuracy:
    input:
        runs=run_files("epochs"),
        code=library("evidence", "records", "tables"),
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
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        expected=expected_runs(),
        confidence_level=config["curves"]["confidence_level"],
    script:
        "../scripts/final_accuracy.py"


rule equivalence:
    input:
        runs=run_files("epochs"),
        code=library("equivalence", "records"),
    output:
        report(
            f"{RESULTS}/tables/equivalence.csv",
            caption="../report/equivalence.rst",
            category="Tables",
            labels={"table": "equivalence"},
        ),
    log:
        f"{LOGS}/equivalence.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        expected=expected_runs(),
        references=references(config),
        margins={
            "test_accuracy": config["equivalence"]["margin"] / 100,
            "test_loss": config["equivalence"]["loss_margin"],
        },
    script:
        "../scripts/equivalence.py"


TABLES = [*rules.final_accuracy.output, *rules.equivalence.output]
