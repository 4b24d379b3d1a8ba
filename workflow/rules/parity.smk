# Whether a variant has the same update rule as the reference of its comparison.

REPLAYED = replayed(config)
PARITY_SEEDS = config["seeds"][: config["parity"]["seeds"]]


rule replay:
    input:
        prepared=ancient(DATA),
        code=code("replay"),
        rules=lambda wildcards: unique(
            file
            for settings in REPLAYED[wildcards.comparison].values()
            for file in update_rule(settings["optimizer"])
        ),
        network=network(),
    output:
        trace=f"{RESULTS}/parity/{{comparison}}.parquet",
        trials=f"{RESULTS}/parity/{{comparison}}.json",
    log:
        f"{LOGS}/replay_{{comparison}}.log",
    benchmark:
        f"{LOGS}/replay_{{comparison}}.benchmark.tsv"
    # The longest jobs after training.
    priority: 1
    conda:
        ENVIRONMENT
    threads: config["training"]["threads"]
    resources:
        **GPU,
        mem_mb=growing(2000),
        runtime=growing(10 + len(PARITY_SEEDS)),
    params:
        reference=lambda wildcards: next(iter(REPLAYED[wildcards.comparison])),
        variants=lambda wildcards: {
            variant: settings | packages(settings["optimizer"])
            for variant, settings in REPLAYED[wildcards.comparison].items()
        },
        seeds=PARITY_SEEDS,
        iterations=config["parity"]["iterations"],
        training=TRAINING.given(),
    script:
        "../scripts/replay.py"


rule parity:
    input:
        traces=expand(rules.replay.output.trace, comparison=REPLAYED),
        trials=expand(rules.replay.output.trials, comparison=REPLAYED),
        code=code("parity"),
    output:
        report(
            f"{RESULTS}/tables/parity.csv",
            caption="../report/parity.rst",
            category="Tables",
            labels={"table": "parity"},
        ),
    log:
        f"{LOGS}/parity.log",
    benchmark:
        f"{LOGS}/parity.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        references={comparison: next(iter(members)) for comparison, members in REPLAYED.items()},
        n_seeds=len(PARITY_SEEDS),
    script:
        "../scripts/parity.py"


rule parity_figure:
    input:
        rules.replay.output.trace,
        code=code("parity_figure"),
    output:
        report(
            f"{RESULTS}/figures/parity_{{comparison}}.png",
            caption="../report/parity_figure.rst",
            category="Parity",
            labels={"comparison": "{comparison}"},
        ),
        f"{RESULTS}/figures/parity_{{comparison}}.svg",
        f"{RESULTS}/figures/parity_{{comparison}}.pdf",
    log:
        f"{LOGS}/parity_figure_{{comparison}}.log",
    benchmark:
        f"{LOGS}/parity_figure_{{comparison}}.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        reference=lambda wildcards: next(iter(REPLAYED[wildcards.comparison])),
        n_seeds=len(PARITY_SEEDS),
        first_seed=PARITY_SEEDS[0],
        order=lambda wildcards: list(COMPARISONS[wildcards.comparison]),
    script:
        "../scripts/parity_figure.py"
