"""Random streams: one generator for each purpose of each run.

torch is imported only where a generator is made: code that reads records needs the names of the
streams from this module, but not torch.
"""

import hashlib

#: What a run's random streams are used for.
PURPOSES = ("initialization", "order")

#: What a module draws in training besides, such as the units that dropout leaves out.
NOISE = "noise"

#: What a user's or a package's optimizer draws.
OPTIMIZER = "optimizer"


def generator(root_seed, purpose, variant, seed):
    """Make the random generator for one purpose of one run.

    Its seed is the first 8 bytes of the SHA-256 hash of the arguments, so that adding a variant, a
    seed or a purpose changes no other stream.

    Parameters
    ----------
    root_seed, seed : int
    purpose : str
        `initialization`, `order`, `noise` or `optimizer`; or `validation`, the same for all runs.
    variant : str or None
        See `stream_variant`.

    Returns
    -------
    torch.Generator
    """
    import torch

    return torch.Generator().manual_seed(stream_seed(root_seed, purpose, variant, seed))


def generators(training, purpose, variant, seeds):
    """Make the random generators for one purpose of the runs of a variant, one per seed.

    Parameters
    ----------
    training : descent.training.settings.TrainingSettings
    purpose : str
        See `generator`.
    variant : str
    seeds : list of int

    Returns
    -------
    list of torch.Generator
    """
    streams = stream_variant(variant, training.seeding)
    return [generator(training.root_seed, purpose, streams, seed) for seed in seeds]


def stream_seed(root_seed, purpose, variant, seed):
    """Derive the seed, an integer below 2**64, of one random stream."""
    parts = [root_seed, purpose, seed] if variant is None else [root_seed, purpose, variant, seed]
    text = "/".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def stream_variant(variant, seeding):
    """Return the variant that a run's streams are derived from; None if all variants share them.

    Parameters
    ----------
    variant : str
    seeding : str
        `independent`, or `paired`: the runs of one seed then have the same streams in all variants.
    """
    return None if seeding == "paired" else variant


def validation_generator(root_seed):
    """Make the random generator that draws the validation images, the same for all runs."""
    return generator(root_seed, "validation", None, 0)
