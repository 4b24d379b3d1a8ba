"""The terms in the report, each explained in a sentence or two."""

#: docs/glossary.md explains more of them, at more length.
TERMS = {
    "update rule": "What an optimizer does to the weights of a network, given their gradients.",
    "variant": "One optimizer with its settings, trained with every seed.",
    "reference": "The variant that the others of its comparison are held against.",
    "seed": "The number from which a run's initial weights and order of images are drawn.",
    "standard deviation": "How far single seeds typically are from their mean (sd).",
    "confidence interval": "Where the value, over all possible seeds, plausibly lies. At a level "
    "of 95 %, 19 of 20 such intervals have it inside.",
    "margin": "The largest difference that still counts as the same performance; a choice, made in "
    "the configuration.",
    "equivalent": "The whole interval of the difference is inside the margin.",
    "inconclusive": "The interval crosses the margin: there are too few seeds to say more.",
    "probability of improvement": "How often a run of the variant is better than one of its "
    "reference; 0.5 means neither is.",
    "nats": "The unit of cross-entropy, with natural logarithms: e to the minus loss is the "
    "(geometric) mean probability that the network gives to the right answer.",
    "diverged": "A run whose loss was no longer a finite number. It ends there.",
    "identical": "All bits of the weights are the same after every iteration.",
    "equal to rounding": "Not the same bits, but no further apart than rounding can cause.",
    "tolerance": "The largest difference that rounding can cause. Its share is below 1 for a rule "
    "that is the same.",
    "trials": "Short comparisons of update rules on generated gradients, at other shapes and "
    "hyperparameters.",
}

#: The term that explains a heading of a table.
OF_HEADINGS = {
    "variant": "variant",
    "reference": "reference",
    "seeds": "seed",
    "diverged": "diverged",
    "mean ± sd (%)": "standard deviation",
    "interval of the mean": "confidence interval",
    "interval": "confidence interval",
    "margin": "margin",
    "better": "probability of improvement",
    "test loss (nats)": "nats",
    "share of the tolerance": "tolerance",
    "compared on": "trials",
}


def anchor(term):
    """Return the anchor of a term: in lower case, with hyphens."""
    return term.lower().replace(" ", "-")
