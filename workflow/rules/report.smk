# The project's own page, the curves to explore, and Snakemake's report of the same configuration.


localrules:
    configuration,
    report,
    snakemake_report,


rule configuration:
    output:
        f"{RESULTS}/config.yaml",
    log:
        f"{LOGS}/configuration.log",
    benchmark:
        f"{LOGS}/configuration.benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=growing(500),
        runtime=growing(5),
    params:
        config=config,
    script:
        "../scripts/configuration.py"


rule interactive:
    input:
        runs=run_files("iterations"),
        curves=rules.curves.output[0],
        code=library("captions", "curves", "interactive", "pages", "records"),
        templates=page_templates("interactive"),
    output:
        f"{RESULTS}/interactive.html",
    log:
        f"{LOGS}/interactive.log",
    benchmark:
        f"{LOGS}/interactive.benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=growing(2000 + N_RUNS // 4),
        runtime=growing(10 + N_RUNS // 1000),
    params:
        expected=expected_runs(),
        name=config["name"],
        experiment=experiment(config),
        comparisons={name: list(members) for name, members in COMPARISONS.items()},
        settings=config["curves"],
    script:
        "../scripts/interactive.py"


rule report:
    input:
        FIGURES,
        PARITY,
        TABLES,
        SELECTION,
        f"{RESULTS}/figures/examples.png",
        runs=run_files("epochs"),
        curves=rules.curves.output[0],
        prepared=PREPARED,
        config=rules.configuration.output[0],
        code=library(
            "captions",
            "pages",
            "parity",
            "records",
            "report",
            "report_tables",
            "sweeps",
            "verdicts",
        ),
        templates=page_templates("report"),
    output:
        f"{RESULTS}/report.html",
    log:
        f"{LOGS}/report.log",
    benchmark:
        f"{LOGS}/report.benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    script:
        "../scripts/report.py"


rule snakemake_report:
    input:
        f"{RESULTS}/figures/examples.png",
        FIGURES,
        PARITY,
        TABLES,
        SELECTION,
        snakefile=LIBRARY.parent / "Snakefile",
        config=rules.configuration.output[0],
        captions=sorted((LIBRARY / "report").glob("*.rst")),
    output:
        f"{RESULTS}/snakemake-report.html",
    log:
        f"{LOGS}/snakemake_report.log",
    benchmark:
        f"{LOGS}/snakemake_report.benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(10),
    script:
        "../scripts/snakemake_report.py"
