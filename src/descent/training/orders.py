"""The random orders in which the seeds of a stack see the training images."""

from concurrent.futures import ThreadPoolExecutor

import torch


def draw(generators, n_images):
    """Draw an order for every seed.

    Parameters
    ----------
    generators : list of torch.Generator
        One per seed, on the CPU, so that the order is the same on every device.
    n_images : int

    Returns
    -------
    torch.Tensor
        (seeds, images), int32 on the CPU: the numbers of int64, in half of the memory.
    """
    drawn = [
        torch.randperm(n_images, generator=generator, dtype=torch.int32) for generator in generators
    ]
    return torch.stack(drawn)


class Orders:
    """The orders of one epoch after the other.

    Parameters
    ----------
    generators : list of torch.Generator
        One per seed, on the CPU.
    n_images : int
    ahead : bool
        Whether a thread draws the orders of the next epoch during this one. The orders are the
        same. On the CPU it would take the time from training; a GPU would have to wait without.
    """

    def __init__(self, generators, n_images, ahead):
        self._generators, self._n_images = generators, n_images
        self._thread = ThreadPoolExecutor(1) if ahead else None
        self._drawn_ahead = None

    def next(self):
        """Return the orders of the next epoch, see `draw`."""
        drawing = self._drawn_ahead
        orders = drawing.result() if drawing else draw(self._generators, self._n_images)
        if self._thread:
            self._states = self._read_states()
            self._drawn_ahead = self._thread.submit(draw, self._generators, self._n_images)
        return orders

    def state(self):
        """Return what the next orders are drawn from, for `load_state`: a list of tensors."""
        return self._states if self._drawn_ahead else self._read_states()

    def load_state(self, states):
        """Go on from the state of another object, before any orders are drawn from this one."""
        for generator, state in zip(self._generators, states, strict=True):
            generator.set_state(state)

    def _read_states(self):
        return [generator.get_state() for generator in self._generators]
