"""The random numbers that optimizers draw: a stream for each network."""

import contextlib

import torch


def streams(n_networks):
    """Make a generator for each network of a stack; the first ones are the same in every stack."""
    return [torch.Generator().manual_seed(index) for index in range(n_networks)]


@contextlib.contextmanager
def drawing(generator):
    """Let torch draw random numbers on the CPU from a generator, which goes on from there.

    What torch draws afterwards is for the caller to put back, see `loading.put_back`.

    Parameters
    ----------
    generator : torch.Generator or None
        None changes nothing.
    """
    if generator is None:
        yield
        return
    torch.set_rng_state(generator.get_state())
    yield
    generator.set_state(torch.get_rng_state())
