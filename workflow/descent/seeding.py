"""Random streams: one generator for each purpose of each run."""

import hashlib

import torch


def generator(root_seed, purpose, variant, seed):
    """Make the random generator of one purpose of one run.

    Its seed is the first 8 bytes of the SHA-256 of the arguments, so that adding a variant, a seed
    or a purpose changes no other stream.

    Parameters
    ----------
    root_seed, seed : int
    purpose : str
        `initialization` or `order`.
    variant : str

    Returns
    -------
    torch.Generator
    """
    return torch.Generator().manual_seed(stream_seed(root_seed, purpose, variant, seed))


def stream_seed(root_seed, purpose, variant, seed):
    """Derive the seed, an integer below 2**64, of one random stream."""
    text = f"{root_seed}/{purpose}/{variant}/{seed}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
