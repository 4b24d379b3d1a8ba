"""Seeds, written as a list or as `{from: 0, to: 249}`.

Both give the same configuration, so that writing one in place of the other reruns nothing. The
Snakefile imports this module, so it must stay light.
"""

import re


def expand_seeds(config):
    """Replace each `{from: ..., to: ...}` in a valid configuration by the list that it stands for.

    Returns
    -------
    list of str
        One line per problem.
    """
    problems = []
    for path, place in (("seeds", config), ("sweeps.seeds", config["sweeps"])):
        seeds = place["seeds"]
        if isinstance(seeds, dict):
            place["seeds"] = list(range(seeds["from"], seeds["to"] + 1))
            if not place["seeds"]:
                problems.append(
                    f"{path}: there is no seed from {seeds['from']} to {seeds['to']}; "
                    "write the smaller number as from"
                )
    return problems


def proposal(path, value, error):
    """Say how to write seeds that are no list; None if the error of the schema is another one."""
    if path[-1:] != ["seeds"] or error.validator != "type" or "array" not in error.validator_value:
        return None
    numbers = [int(number) for number in re.findall(r"\d+", str(value))]
    written = "{from: 0, to: 9} or [0, 1, 2]"
    if isinstance(value, str) and re.fullmatch(r"\s*\d+\s*(-|:|\.\.+|to)\s*\d+\s*", value):
        written = f"{{from: {numbers[0]}, to: {numbers[1]}}}"
    elif isinstance(value, str) and value.strip().startswith("range(") and len(numbers) in (1, 2):
        first, end = [0, *numbers][-2:]
        written = f"{{from: {first}, to: {end - 1}}}"
    elif numbers:
        written = str(numbers)
    key = ".".join(path)
    return f"{key}: {value!r} is no list; write {key.rpartition('.')[2]}: {written}"
