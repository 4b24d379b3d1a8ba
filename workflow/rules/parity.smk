# Whether a variant is the same rule as the reference of its comparison.

# Not those that are selected from a sweep: with other hyperparameters a rule takes other steps.
COMPARED = {
    comparison: [reference, *same]
    for comparison, (reference, others) in references(config).items()
    if reference not in SWEEPS
    and (same := [variant for variant in others if variant not in SWEEPS])
}
PARITY_SEEDS = config["seeds"][: config["parity"]["seeds"]]


localrules:
    parity,
    parity_figure,


rule replay:
    input:
        prepared=PREPARED,
        code=library(
            "__init__",
            "data",
            "model",
            "optimizers/__init__",
            "optimizers/_gradients",
            "optimizers/_user",
            "replay",
            "runs",
            "seeding",
            "training",
        ),
        rules=lambda wildcards: unique(
            source
            for variant in COMPARED[wildcards.comparison]
            for source in rule_source(VARIANTS[variant]["optimizer"])
        ),
    output:
        f"{RESULTS}/parity/{{comparison}}.parquet",
    log:
        f"{LOGS}/replay_{{comparison}}.log",
    benchmark:
        f"{LOGS}/replay_{{comparison}}.benchmark.tsv"
    # The longest after training.
    priority: 1
    conda:
        "../../environment.yml"
    threads: config["training"]["threads"]
    resources:
        mem_mb=growing(2000),
        runtime=growing(10 + len(PARITY_SEEDS)),
    params:
        reference=lambda wildcards: COMPARED[wildcards.comparison][0],
        variants=lambda wildcards: {
            variant: VARIANTS[variant] for variant in COMPARED[wildcards.comparison]
        },
        seeds=PARITY_SEEDS,
        lr_schedule=config["parity"]["lr_schedule"],
        training=dict(
            root_seed=config["root_seed"],
            seeding=config["seeding"],
            hidden=config["model"]["hidden"],
            batch_size=config["training"]["batch_size"],
            threads=config["training"]["threads"],
            iterations=config["parity"]["iterations"],
            validation_fraction=config["training"]["validation_fraction"],
        ),
    script:
        "../scripts/replay.py"


rule parity:
    input:
        traces=expand(rules.replay.output, comparison=COMPARED),
        code=library("parity"),
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
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        references={comparison: members[0] for comparison, members in COMPARED.items()},
        n_seeds=len(PARITY_SEEDS),
    script:
        "../scripts/parity.py"


rule parity_figure:
    input:
        rules.replay.output,
        code=library("figures/parity", "figures/style"),
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
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=growing(5),
    params:
        reference=lambda wildcards: COMPARED[wildcards.comparison][0],
        n_seeds=len(PARITY_SEEDS),
        first_seed=PARITY_SEEDS[0],
    script:
        "../scripts/parity_figure.py"


PARITY = [*rules.parity.output, *expand(rules.parity_figure.output, comparison=COMPARED)]
