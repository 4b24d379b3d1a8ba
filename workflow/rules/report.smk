# Snakemake's own report, of the configuration of this run.


localrules:
    configuration,
    snakemake_report,


rule configuration:
    output:
        f"{RESULTS}/config.yaml",
    log:
        f"{LOGS}/configuration.log",
    conda:
        "../../environment.yml"
    params:
        config=config,
    script:
        "../scripts/configuration.py"


rule snakemake_report:
    input:
        f"{RESULTS}/figures/examples.png",
        FIGURES,
        PARITY,
        TABLES,
        snakefile=LIBRARY.parent / "Snakefile",
        config=rules.configuration.output[0],
        captions=sorted((LIBRARY / "report").glob("*.rst")),
    output:
        f"{RESULTS}/snakemake-report.html",
    log:
        f"{LOGS}/snakemake_report.log",
    conda:
        "../../environment.yml"
    script:
        "../scripts/snakemake_report.py"
