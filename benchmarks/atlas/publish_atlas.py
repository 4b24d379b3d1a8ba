"""Write what `compare.py` found: benchmarks/atlas.json, and the tables in docs/atlas.md.

`publish_atlas.py FOLDER`, run by atlas.smk. With no folder, the tables are made from atlas.json.
"""

import json
import re
import sys
from importlib import metadata
from pathlib import Path

from compare import families
from tabulate import tabulate

from descent.files import replacing
from descent.parity.verdict import CONSTANT, DIFFERENT, LESS_ACCURATE
from descent.provenance import provenance

PROJECT = Path(__file__).parents[2]
TABLE, PAGE = PROJECT / "benchmarks" / "atlas.json", PROJECT / "docs" / "atlas.md"

#: The tables are between these, and are the same on every call.
_TABLES = re.compile(r"(?<=<!-- made by `make atlas` -->\n).*(?=<!-- until here -->)", re.DOTALL)

#: Between the hyperparameters that a trial sets; not in a pair of betas.
_PARTS = re.compile(r", (?=[a-z_]+=)")

NO_GRADIENT = "parameters without a gradient"


def collect(folder):
    """Put the families together, with the versions of all packages."""
    found = families()
    pairs = {
        name: json.loads((Path(folder) / f"{name.replace(' ', '_')}.json").read_text())
        for name in found
    }
    members = {member for family in found.values() for member in family["members"]}
    packages = {member.partition(":")[0].partition(".")[0] for member in members if ":" in member}
    return {
        "families": {name: {**family, "pairs": pairs[name]} for name, family in found.items()},
        "packages": {name: metadata.version(name) for name in sorted(packages | {"jax"})},
        **provenance(),
    }


def standing(result):
    """Say in a few words how two optimizers stand to each other.

    Parameters
    ----------
    result : dict
        A check, as in atlas.json.

    Returns
    -------
    constant, changing : str
        With hyperparameters that stay as they are, and with a learning rate that changes.
    """
    if result["verdict"] is None:
        return "cannot be compared", ""
    changing = "different" if [t for t in result["changing"] if t.startswith("lr")] else "same"
    if "ordinary gradients" in result["trials"]:
        return "different with ordinary gradients", "different"
    if result["trials"]:  # training does not show it
        return f"same, except {_named(result['trials'])}", changing
    if result["verdict"] == DIFFERENT:
        return f"different from {_place(result)}", "different"
    same = "same, less accurate in float32" if result["verdict"] == LESS_ACCURATE else "same"
    if result["verdict"] == CONSTANT and changing == "same":
        return same, f"same, except {_named(result['changing'])}"
    return same, changing


def _named(trials):
    """Name the trials in which two optimizers differ, two at most."""
    if NO_GRADIENT in trials:  # most of the others have such parameters, too
        return f"with {NO_GRADIENT}"
    changed = [
        {part.partition("=")[0] for part in _PARTS.split(each)} for each in trials if "=" in each
    ]
    if changed and (common := set.intersection(*changed)):
        return f"where {' or '.join(sorted(common))} has another value"
    return f"with {' and '.join(trials[:2])}" + (" and others" if len(trials) > 2 else "")


def are_same(result):
    """Tell whether two optimizers are the same at a constant learning rate."""
    return standing(result)[0].startswith("same")


def _place(result):
    return result["begins"].partition(":")[0].replace(", ", " on, in ", 1)


def tables(atlas):
    """Write how many pairs are the same, and a section for each family."""
    families = atlas["families"]
    counts = [
        {"name": f"[{name}](#{_anchor(name)})", **_counts(families[name])} for name in families
    ]
    total = {key: sum(row[key] for row in counts) for key in counts[0] if key != "name"}
    pairs, at_defaults, same, constant, apart = total.values()
    versions = ", ".join(f"{name} {version}" for name, version in atlas["packages"].items())
    lines = [
        f"Of {pairs} pairs, {at_defaults} take the same steps when only the learning rate is "
        f"given. At the closest settings that were found, {same} do, and {constant} more while the "
        f"learning rate stays as it is; {apart} are different. Made with torch {atlas['torch']}, "
        f"{versions}.",
        "",
        tabulate(counts, headers="keys", tablefmt="github"),
        "",
    ]
    return "\n".join([*lines, *(_section(name, families[name]) for name in families)])


def _anchor(name):
    return name.lower().replace(" ", "-")


def _counts(family):
    """Count the pairs of a family by how they stand to each other."""
    best = [standing(_last(pair)) for pair in family["pairs"]]
    same = [constant.startswith("same") for constant, _ in best]
    changes = [changing == "different" for _, changing in best]
    constant = sum(one and other for one, other in zip(same, changes, strict=True))
    return {
        "pairs": len(best),
        "same at defaults": sum(are_same(pair["defaults"]) for pair in family["pairs"]),
        "same at the closest settings": sum(same) - constant,
        "only at a constant learning rate": constant,
        "different": len(best) - sum(same),
    }


def _section(name, family):
    first, *others = family["members"]
    pairs = {(pair["first"], pair["second"]): pair for pair in family["pairs"]}
    rows = [_row(pairs[first, other], family) for other in others]
    lines = [
        f"### {name}",
        "",
        f"Compared with `{first}`, at {_written(family['settings'])}.",
        "",
        tabulate(rows, headers="keys", tablefmt="github"),
        "",
    ]
    groups = _groups(family["members"], pairs)
    apart = [group for group in groups if first not in group and len(group) > 1]
    if apart:
        them = "; ".join(" = ".join(f"`{each}`" for each in group) for group in apart)
        lines += [f"The same among themselves: {them}.", ""]
    return "\n".join(lines)


def _row(pair, family):
    best = _last(pair)
    constant, changing = standing(best)
    ratio = best.get("lengths", [None])[0]
    return {
        "optimizer": f"`{pair['second']}`",
        "all else at its default": _at_defaults(pair),
        "constant learning rate": constant,
        "changing learning rate": changing,
        "length of the first step": "" if ratio is None else f"{ratio:.4g} x",
        "settings, and what is left": _why(pair, family),
    }


def _at_defaults(pair):
    unlike = ", ".join(
        f"{name} {_plain(other)}, not {_plain(one)}" for name, one, other in pair["unlike"]
    )
    if are_same(pair["defaults"]):
        return "same"
    return f"different: {unlike}" if unlike else "different"


def _why(pair, family):
    parts = [
        f"with {_written(own)} of `{name}`"
        for name, own in zip((pair["first"], pair["second"]), _switched(pair), strict=True)
        if own
    ]
    if text := family.get("why", {}).get(pair["second"]):
        parts.append(text)
    elif any(words.startswith("different") for words in standing(_last(pair))):
        parts += [_as_fact(hint, pair["first"]) for hint in _last(pair)["hints"][:1]]
    parts += [
        f"with {each['name']}={_plain(each['value'])} in both: {each['verdict']}"
        for each in pair.get("narrowed", [])
    ]
    if pair["shared"]["verdict"] is None:
        parts.append(pair["shared"]["reason"])
    return "; ".join(parts)


def _switched(pair):
    """Return the settings of each side that were changed to bring the two closest."""
    shared, best = pair["shared"]["settings"], _last(pair)["settings"]
    return [
        {name: value for name, value in after.items() if before.get(name, "") != value}
        for before, after in zip(shared, best, strict=True)
    ]


def _as_fact(hint, first):
    """Turn a hint on a mistake into words on a difference."""
    hint = hint.replace(f"this looks like {first} with a mistake: ", "")
    return hint.replace("the reference", f"`{first}`")


def _groups(members, pairs):
    """Divide the members into groups of optimizers that are the same."""
    groups = []
    for member in members:
        for group in groups:
            if all(are_same(_last(pairs[each, member])) for each in group):
                group.append(member)
                break
        else:
            groups.append([member])
    return groups


def _last(pair):
    return pair.get("best") or pair["shared"]


def _written(settings):
    return "`" + ", ".join(f"{name}={_plain(value)}" for name, value in settings.items()) + "`"


def _plain(value):
    return f"{value:g}" if isinstance(value, float) else str(value)


def fill(page, atlas):
    """Put the tables into the page, in the place of the old ones."""
    return _TABLES.sub(lambda _: f"\n{tables(atlas)}\n", page)


def main(folder=None):
    """Write the table and the page."""
    atlas = collect(folder) if folder else json.loads(TABLE.read_text())
    page = fill(PAGE.read_text(), atlas)
    for file, text in ((TABLE, json.dumps(atlas) + "\n"), (PAGE, page)):
        with replacing(file) as part:
            part.write_text(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
