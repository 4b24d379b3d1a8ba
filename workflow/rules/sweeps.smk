# Which combination of each sweep is best, and how much the choice matters.


rule select:
    input:
        runs=lambda wildcards: run_files("epochs", RUNGS[wildcards.rung].variants, SWEEP_SEEDS),
        before=lambda wildcards: selection_of(RUNGS[wildcards.rung].variants[0]),
        code=code("select"),
    output:
        table=f"{RESULTS}/selection/{{rung}}.csv",
        runs=f"{RESULTS}/selection/{{rung}}_runs.csv",
        settings=f"{RESULTS}/selection/{{rung}}.json",
    log:
        f"{LOGS}/select_{{rung}}.log",
    benchmark:
        f"{LOGS}/select_{{rung}}.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        combinations=lambda wildcards: SWEEPS[RUNGS[wildcards.rung].sweep],
        sweep=lambda wildcards: RUNGS[wildcards.rung].sweep,
        followers=lambda wildcards: RUNGS[wildcards.rung].followers,
        number=lambda wildcards: RUNGS[wildcards.rung].number,
        epochs=lambda wildcards: RUNGS[wildcards.rung].epochs,
        seeds=SWEEP_SEEDS,
    script:
        "../scripts/select.py"


rule selection:
    input:
        tables=expand(rules.select.output.table, rung=RUNGS),
        code=code("selection"),
    output:
        report(
            f"{RESULTS}/tables/selection.csv",
            caption="../report/selection.rst",
            category="Sweeps",
            labels={"table": "selection"},
        ),
    log:
        f"{LOGS}/selection.log",
    benchmark:
        f"{LOGS}/selection.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        variants=[rung.sweep for rung in RUNGS.values()],
    script:
        "../scripts/selection.py"


rule sensitivity:
    input:
        runs=lambda wildcards: expand(
            rules.select.output.runs, rung=rungs_of(SWEPT[wildcards.comparison])
        ),
        tables=lambda wildcards: expand(
            rules.select.output.table, rung=rungs_of(SWEPT[wildcards.comparison])
        ),
        code=code("sensitivity"),
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
    benchmark:
        f"{LOGS}/sensitivity_{{comparison}}.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        sweeps=lambda wildcards: {
            variant: SWEEPS[variant] for variant in SWEPT[wildcards.comparison]
        },
        axis=lambda wildcards: axis(config["comparisons"][wildcards.comparison]),
        band=config["curves"]["band"],
        confidence_level=config["curves"]["confidence_level"],
        experiment=experiment(config, SWEEP_SEEDS),
    script:
        "../scripts/sensitivity.py"
