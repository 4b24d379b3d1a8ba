# What people look at: the overlay plots, the project's own report, the interactive curves, and
# Snakemake's report on the same configuration.


rule overlay:
    input:
        curves=lambda wildcards: (
            rules.curves if wildcards.metric in TRAIN_METRICS else rules.curves_of_epochs
        ).output[0],
        accuracy=f"{RESULTS}/tables/final_accuracy.csv",
        code=code("overlay"),
    output:
        report(
            f"{RESULTS}/figures/{{metric}}_{{comparison}}.png",
            caption="../report/overlay.rst",
            category="Curves",
            labels={"comparison": "{comparison}", "metric": "{metric}"},
        ),
        f"{RESULTS}/figures/{{metric}}_{{comparison}}.svg",
        f"{RESULTS}/figures/{{metric}}_{{comparison}}.pdf",
    log:
        f"{LOGS}/overlay_{{metric}}_{{comparison}}.log",
    benchmark:
        f"{LOGS}/overlay_{{metric}}_{{comparison}}.benchmark.tsv"
    wildcard_constraints:
        metric="|".join(TRAIN_METRICS + TEST_METRICS),
    localrule: True
    conda:
        ENVIRONMENT
    params:
        variants=lambda wildcards: list(COMPARISONS[wildcards.comparison]),
        smoothing_window=lambda wildcards: (
            config["curves"]["smoothing_window"] if wildcards.metric in TRAIN_METRICS else 1
        ),
        band=config["curves"]["band"],
        confidence_level=config["curves"]["confidence_level"],
        batch_size=config["training"]["batch_size"],
        experiment=experiment(config),
    script:
        "../scripts/overlay.py"


FIGURES = [
    *expand(
        rules.overlay.output,
        metric=TRAIN_METRICS + TEST_METRICS,
        comparison=config["comparisons"],
    ),
    *expand(rules.parity_figure.output, comparison=REPLAYED),
    *expand(rules.sensitivity.output, comparison=SWEPT),
]
TABLES = [
    *rules.final_accuracy.output,
    *rules.targets.output,
    *rules.untrained.output,
    *rules.equivalence.output,
    *(rules.pairs.output if ranked(config) else []),
    *rules.parity.output,
    *(rules.selection.output if SWEEPS else []),
]


rule configuration:
    output:
        f"{RESULTS}/config.yaml",
    log:
        f"{LOGS}/configuration.log",
    benchmark:
        f"{LOGS}/configuration.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        config=config,
    script:
        "../scripts/configuration.py"


rule interactive:
    input:
        runs=run_files("iterations"),
        epochs=COLLECTED,
        code=code("interactive"),
        templates=page_templates("interactive"),
    output:
        f"{RESULTS}/interactive.html",
    log:
        f"{LOGS}/interactive.log",
    benchmark:
        f"{LOGS}/interactive.benchmark.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(2000 + N_RUNS // 4),
        runtime=growing(10 + N_RUNS // 1000),
    params:
        expected=expected_runs(),
        test_metrics=TEST_METRICS,
        name=config["name"],
        experiment=experiment(config),
        comparisons={name: list(members) for name, members in COMPARISONS.items()},
        epochs=config["training"]["epochs"],
        settings=config["curves"],
    script:
        "../scripts/interactive.py"


rule report:
    input:
        FIGURES,
        TABLES,
        LANDSCAPE_FIGURES,
        examples=EXAMPLES[0],
        runs=COLLECTED,
        curves=rules.curves.output[0],
        curves_of_epochs=rules.curves_of_epochs.output[0],
        prepared=ancient(DATA),
        config=rules.configuration.output[0],
        code=code("report"),
        templates=page_templates("report"),
    output:
        f"{RESULTS}/report.html",
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{LOGS}/report.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    script:
        "../scripts/report.py"


rule snakemake_report:
    input:
        EXAMPLES,
        FIGURES,
        TABLES,
        LANDSCAPE_FIGURES,
        snakefile=WORKFLOW / "Snakefile",
        config=rules.configuration.output[0],
        captions=sorted((WORKFLOW / "report").glob("*.rst")),
    output:
        f"{RESULTS}/snakemake-report.html",
    log:
        f"{LOGS}/snakemake_report.log",
    benchmark:
        f"{LOGS}/snakemake_report.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    script:
        "../scripts/snakemake_report.py"


PAGES = [*rules.report.output, *rules.interactive.output, *rules.snakemake_report.output]
