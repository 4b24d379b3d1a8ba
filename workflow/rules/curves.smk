# Smoothed curves with bands, and the figures that overlay them.


localrules:
    overlay,


rule curves:
    input:
        runs=run_files("iterations"),
        code=library("bands", "curves", "records"),
    output:
        f"{RESULTS}/curves.parquet",
    log:
        f"{LOGS}/curves.log",
    benchmark:
        f"{LOGS}/curves.benchmark.tsv"
    conda:
        "../../environment.yml"
    threads: 1
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


rule overlay:
    input:
        curves=rules.curves.output[0],
        accuracy=f"{RESULTS}/tables/final_accuracy.csv",
        code=library("captions", "figures/overlay", "figures/style"),
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
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        variants=lambda wildcards: list(COMPARISONS[wildcards.comparison]),
        smoothing_window=config["curves"]["smoothing_window"],
        band=config["curves"]["band"],
        confidence_level=config["curves"]["confidence_level"],
        batch_size=config["training"]["batch_size"],
        experiment=experiment(config),
    script:
        "../scripts/overlay.py"


FIGURES = expand(rules.overlay.output, metric=METRICS, comparison=config["comparisons"])
