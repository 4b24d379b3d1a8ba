"""Runs that are compared although they were not all made alike, and how to make them alike."""

from importlib import metadata

from descent.reporting.wording import count

#: What may change the bits of a run besides its configuration, its seed and the code.
_ALIKE = {"torch": "torch", "cpu": "processor", "mkl_cbwr": "MKL_CBWR", "gpu": "GPU"}


def mixed(variants, runs, name):
    """Say if the runs of some variants differ in the version of torch or in the processor.

    Also if the seeds of one variant differ in their settings.

    Parameters
    ----------
    variants : list of str
        Those that a verdict is about.
    runs : list of dict
        One per run, as returned by `descent.records.read_metadata`.
    name : str
        Of the experiment.

    Returns
    -------
    list of str
        Sentences: none if all runs were made alike. Otherwise the last one has the command that
        makes them alike.
    """
    found, groups, configurations = [], {}, {}
    for run in runs:
        variant = run["configuration"]["variant"]
        if variant in variants:
            gpu = run["device_name"] if run.get("device") == "cuda" else None
            made = tuple({**run, "gpu": gpu}.get(key) for key in _ALIKE)
            groups.setdefault(made, []).append((variant, run["seed"]))
            configurations.setdefault(variant, []).append(run["configuration"])
    for variant, (first, *others) in configurations.items():
        keys = [key for key in first if any(other.get(key) != first[key] for other in others)]
        if keys:
            found.append(
                f"The runs of {variant} were trained with different {' and '.join(keys)}, which "
                "Snakemake was told to overlook (--rerun-triggers mtime, or --touch). To train "
                f"what is out of date: {_command([], name)} --rerun-triggers params input mtime"
            )
    if len(groups) < 2:
        return found
    keys = [key for index, key in enumerate(_ALIKE) if len({made[index] for made in groups}) > 1]
    parts = [
        f"{count(len(members), 'run')} with {_described(made, keys)}"
        for made, members in groups.items()
    ]
    now = metadata.version("torch")
    # what is made again will have the torch of today
    kept = max(groups, key=lambda made: (made[0] == now, len(groups[made])))
    again = [
        run for made, of in groups.items() if made != kept or made[0] != now for run in sorted(of)
    ]
    return [
        *found,
        f"The runs of this comparison were not all made alike: {', '.join(parts)}. Their bits may "
        "differ for that reason alone.",
        f"To make them alike, on the same kind of processor: {_command(again, name)}",
    ]


def _described(made, keys):
    told = dict(zip(_ALIKE, made, strict=True))
    return " and ".join(f"{_ALIKE[key]} {told[key] or 'unknown'}" for key in keys)


def _command(runs, name):
    seeds = {}
    for variant, seed in runs:
        seeds.setdefault(variant, []).append(str(seed))
    files = " ".join(
        f"results/{name}/epochs/{variant}/seed_{_any_of(which)}.parquet"
        for variant, which in seeds.items()
    )
    again = f"snakemake --cores 2 --configfile results/{name}/config.yaml"
    return f"rm {files} && {again}" if files else again


def _any_of(texts):
    return texts[0] if len(texts) == 1 else f"{{{','.join(texts)}}}"
