"""Which runs a configuration asks for, and what they are compared with."""

from descent.experiment.sweeps import compared, sweeps


def variants(config):
    """Map each variant's name to its optimizer and hyperparameters, sorted by name.

    The flag `reference` is left out: it says how a variant is compared, not how it is trained. A
    sweep is represented by its selected variant, see `descent.experiment.sweeps.compared`.
    """
    return {
        name: {key: settings[key] for key in sorted(settings) if key != "reference"}
        for comparison in compared(config).values()
        for name, settings in comparison.items()
    }


def references(config):
    """Map each comparison with a reference to that reference and the variants compared with it."""
    found = {}
    for comparison, members in compared(config).items():
        for reference in marked_references(members):
            found[comparison] = (reference, sorted(members.keys() - {reference}))
    return found


def replayed(config):
    """Map each comparison that parity checks to the variants that it replays, the reference first.

    Those are mapped to their settings, with `parity.lr_scheduler` where they have no schedule of
    their own. Variants that are selected from a sweep are left out: other hyperparameters mean
    other steps.
    """
    settings, selected = variants(config), sweeps(config)
    scheduler = config["parity"]["lr_scheduler"]
    default = {"lr_scheduler": scheduler} if scheduler else {}
    return {
        comparison: {variant: default | settings[variant] for variant in (reference, *same)}
        for comparison, (reference, others) in references(config).items()
        if reference not in selected
        and (same := [variant for variant in others if variant not in selected])
    }


def drawn(config):
    """Map each comparison to the variants that landscapes draw, in the order of the configuration.

    Those are mapped to their settings. Variants that are selected from a sweep are left out: their
    hyperparameters are not known before. So are comparisons with no other variants.
    """
    settings, selected = variants(config), sweeps(config)
    found = {
        comparison: {name: settings[name] for name in members if name not in selected}
        for comparison, members in compared(config).items()
    }
    return {comparison: members for comparison, members in found.items() if members}


def ranked(config):
    """Map the comparisons whose variants are all compared with each other to the variants' names.

    They have a third variant, or no reference; else, `references` has their only pair.
    """
    return {
        comparison: sorted(members)
        for comparison, members in compared(config).items()
        if len(members) > (2 if marked_references(members) else 1)
    }


def seed_blocks(seeds, size):
    """Split seeds into blocks that train together, of `size` seeds each."""
    return [seeds[start : start + size] for start in range(0, len(seeds), size)]


def marked_references(members):
    """List the variants marked as reference in a comparison: at most one if it is valid."""
    return [name for name, settings in members.items() if settings.get("reference")]
