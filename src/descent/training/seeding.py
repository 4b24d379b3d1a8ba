"""Random streams: one generator for each purpose of each run.

torch is imported only where a generator is made: reading records takes the names of the streams
from here, and does without it.
"""

import hashlib

#: What the random streams of a run are for.
PURPOSES = ("initialization", "order")


def generator(root_seed, purpose, variant, seed):
    """Make the random generator of one purpose of one run.

    Its seed is the first 8 bytes of the SHA-256 of the arguments, so that adding a variant, a seed
    or a purpose changes no other stream.

    Parameters
    ----------
    root_seed, seed : int
    purpose : str
        `initialization` or `order`; or `validation`, the same for all runs.
    variant : str or None
        See `stream_variant`.

    Returns
    -------
    torch.Generator
    """
    import torch

    return torch.Generator().manual_seed(stream_seed(root_seed, purpose, variant, seed))


def stream_seed(root_seed, purpose, variant, seed):
    """Derive the seed, an integer below 2**64, of one random stream."""
    parts = [root_seed, purpose, seed] if variant is None else [root_seed, purpose, variant, seed]
    text = "/".join(map(str, parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def stream_variant(variant, seeding):
    """Name the variant that a run's streams are derived from: None if they are shared by all.

    Parameters
    ----------
    variant : str
    seeding : str
        `independent`, or `paired`: the runs of one seed then have the same streams in all variants.
    """
    return None if seeding == "paired" else variant


def validation_generator(root_seed):
    """Make the random generator that draws the validation images, the same ones for all runs."""
    return generator(root_seed, "validation", None, 0)
