"""Options of Snakemake that do not do what they seem to do here.

Snakemake ignores them without a word. The Snakefile imports this module, so it must stay light.
"""

from descent.errors import UsageError

#: Options whose values replace those of the same option before it, by their other names.
_REPLACING = {
    "--config": "--config",
    "-C": "--config",
    "--configfile": "--configfile",
    "--configfiles": "--configfile",
}
#: Options that take names of Snakemake rules, and have no effect on what a target collects.
_OF_RULES = {
    "--forcerun": "--forcerun",
    "-R": "--forcerun",
    "--omit-from": "--omit-from",
    "-O": "--omit-from",
}


def check_arguments(arguments, name):
    """Refuse a command line of Snakemake that would not do what it says.

    Parameters
    ----------
    arguments : list of str
    name : str
        Of the experiment.

    Raises
    ------
    UsageError
    """
    given = [_REPLACING[word] for word in map(_option, arguments) if word in _REPLACING]
    for option in sorted(set(given)):
        if given.count(option) > 1:
            raise UsageError(
                f"{option}: given twice, but Snakemake reads only the last one; write {option} "
                "once, with all values after it"
            )
    for option, values in _values(arguments):
        if option in _OF_RULES and "train" in values:
            again = f"rm -r results/{name}/epochs, then snakemake, trains everything again"
            raise UsageError(
                f"{_OF_RULES[option]} train: has no effect, because train only collects what the "
                "training jobs make; name those, such as train_sgd_torch_0"
                + (f" ({again})" if option in ("-R", "--forcerun") else "; or use --until prepare")
            )


def _option(word):
    return word.partition("=")[0] if word.startswith("--") else word


def _values(arguments):
    """List each option with the words that follow it."""
    found = []
    for word in arguments:
        if word.startswith("-"):
            option, _, value = word.partition("=")
            found.append((option, [value]))
        elif found:
            found[-1][1].append(word)
    return found
