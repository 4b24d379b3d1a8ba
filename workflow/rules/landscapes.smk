# The variants of each comparison as they move over test functions; none unless configured.

DRAWN = drawn(config)


rule trajectories:
    input:
        code=code("trajectories"),
        update_rules=lambda wildcards: unique(
            chain.from_iterable(
                update_rule(settings["optimizer"])
                for settings in DRAWN[wildcards.comparison].values()
            )
        ),
    output:
        f"{RESULTS}/landscapes/{{function}}_{{comparison}}.json",
    log:
        f"{LOGS}/trajectories_{{function}}_{{comparison}}.log",
    benchmark:
        f"{LOGS}/trajectories_{{function}}_{{comparison}}.benchmark.tsv"
    conda:
        ENVIRONMENT
    resources:
        mem_mb=growing(1500),
        runtime=growing(10),
    params:
        variants=lambda wildcards: DRAWN[wildcards.comparison],
        # for schedules, which count epochs
        epochs=lambda wildcards: (
            config["training"]["epochs"]
            if any("lr_scheduler" in each for each in DRAWN[wildcards.comparison].values())
            else None
        ),
    script:
        "../scripts/trajectories.py"


rule landscape_figure:
    input:
        rules.trajectories.output[0],
        code=code("landscape_figure"),
    output:
        report(
            f"{RESULTS}/figures/landscape_{{function}}_{{comparison}}.png",
            caption="../report/landscape_figure.rst",
            category="Landscapes",
            labels={"comparison": "{comparison}", "function": "{function}"},
        ),
        f"{RESULTS}/figures/landscape_{{function}}_{{comparison}}.svg",
        f"{RESULTS}/figures/landscape_{{function}}_{{comparison}}.pdf",
    log:
        f"{LOGS}/landscape_figure_{{function}}_{{comparison}}.log",
    benchmark:
        f"{LOGS}/landscape_figure_{{function}}_{{comparison}}.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        members=lambda wildcards: list(COMPARISONS[wildcards.comparison]),
    script:
        "../scripts/landscape_figure.py"


rule landscape:
    input:
        trajectories=rules.trajectories.output[0],
        parity=rules.parity.output[0],
        code=code("landscape"),
        templates=page_templates("landscape"),
    output:
        f"{RESULTS}/landscapes/{{function}}_{{comparison}}.html",
    log:
        f"{LOGS}/landscape_{{function}}_{{comparison}}.log",
    benchmark:
        f"{LOGS}/landscape_{{function}}_{{comparison}}.benchmark.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        members=lambda wildcards: list(COMPARISONS[wildcards.comparison]),
    script:
        "../scripts/landscape.py"


LANDSCAPE_FIGURES = expand(
    rules.landscape_figure.output, function=config["landscapes"], comparison=DRAWN
)
LANDSCAPES = [
    *LANDSCAPE_FIGURES,
    *expand(rules.landscape.output, function=config["landscapes"], comparison=DRAWN),
]
