# Which combination of each sweep is the best, and how much that matters.


localrules:
    select,
    selection,
    sensitivity,


rule select:
    input:
        runs=lambda wildcards: run_files("epochs", SWEEPS[wildcards.variant], SWEEP_SEEDS),
        code=library("records", "selection", "sweeps"),
    output:
        table=f"{RESULTS}/selection/{{variant}}.csv",
        settings=f"{RESULTS}/selection/{{variant}}.json",
    log:
        f"{LOGS}/select_{{variant}}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        combinations=lambda wildcards: SWEEPS[wildcards.variant],
        seeds=SWEEP_SEEDS,
    script:
        "../scripts/select.py"


rule selection:
    input:
        tables=expand(rules.select.output.table, variant=SWEEPS),
        code=library("selection"),
    output:
        report(
            f"{RESULTS}/tables/selection.csv",
            caption="../report/selection.rst",
            category="Sweeps",
            labels={"table": "selection"},
        ),
    log:
        f"{LOGS}/selection.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        variants=list(SWEEPS),
    script:
        "../scripts/selection.py"


rule sensitivity:
    input:
        runs=lambda wildcards: run_files(
            "epochs", combinations_of(SWEPT[wildcards.comparison]), SWEEP_SEEDS
        ),
        tables=lambda wildcards: expand(
            rules.select.output.table, variant=SWEPT[wildcards.comparison]
        ),
        code=library(
            "bands",
            "captions",
            "figures/sensitivity",
            "figures/style",
            "records",
            "selection",
            "sweeps",
        ),
    output:
        report(
            f"{RESULTS}/figures/sensitivity_{{comparison}}.png",
            caption="../report/sensitivity.rst",
            category="Sweeps",
            labels={"comparison": "{comparison}"},
        ),
        f"{RESULTS}/figures/sensitivity_{{comparison}}.svg",
        f"{RESULTS}/figures/sensitivity_{{comparison}}.pdf",
    log:
        f"{LOGS}/sensitivity_{{comparison}}.log",
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        sweeps=lambda wildcards: {
            variant: SWEEPS[variant] for variant in SWEPT[wildcards.comparison]
        },
        seeds=SWEEP_SEEDS,
        axis=lambda wildcards: axis(config["comparisons"][wildcards.comparison]),
        band=config["curves"]["band"],
        confidence_level=config["curves"]["confidence_level"],
        experiment=experiment(config, SWEEP_SEEDS),
    script:
        "../scripts/sensitivity.py"


SELECTION = (
    [*rules.selection.output, *expand(rules.sensitivity.output, comparison=SWEPT)] if SWEEPS else []
)
