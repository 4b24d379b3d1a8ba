"""The way that an optimizer takes through generated gradients, to compare with others."""

from dataclasses import dataclass, replace

import torch

from descent.parity.gradients import MATRICES, NETWORK, Generated
from descent.parity.replay import Network


@dataclass(frozen=True)
class Setup:
    """The gradients and hyperparameters with which a difference was found.

    Attributes
    ----------
    shapes : dict
        Maps the names of the parameters to their shapes.
    kind : str
        Of the gradients, see `descent.parity.gradients`.
    changes : list of dict
        For each iteration, the factors of hyperparameters that change.
    dtype : torch.dtype
    """

    shapes: dict
    kind: str
    changes: list
    dtype: torch.dtype = torch.float64

    @classmethod
    def ordinary(cls, reference, iterations):
        """Make a setup with ordinary gradients, for parameters that the reference takes."""
        shapes = MATRICES if refused(reference, NETWORK) else NETWORK
        return cls(shapes, "ordinary", [{}] * iterations)

    def in_float32(self):
        """Return the same setup in float32."""
        return replace(self, dtype=torch.float32)

    def start(self):
        """Return the parameters before the first iteration, as one vector."""
        return _flat(self._source().initial).to(self.dtype)

    def gradients(self):
        """Return the gradients: (iterations, numbers)."""
        source = self._source()
        return torch.stack([_flat(source.gradients(None)) for _ in self.changes])

    def parts(self, vector):
        """Map the names of the parameters to their parts of a vector."""
        sizes = [tensor.numel() for tensor in self._source().initial]
        return dict(zip(self.shapes, vector.split(sizes, -1), strict=True))

    def walk(self, contender):
        """Yield the parameters after every iteration, as one vector on the CPU."""
        source = self._source(contender.device)
        network = Network(source.initial, contender.make, self.dtype)
        for change in self.changes:
            network.step(source.gradients(network), change)
            yield _flat(network.values).cpu()

    def follow(self, contender):
        """Return the parameters after every iteration: (iterations, numbers)."""
        return torch.stack(list(self.walk(contender)))

    def stays(self, contender, path, limit):
        """Tell whether an optimizer stays within a limit of a path.

        Parameters
        ----------
        contender : descent.parity.contender.Contender
        path : torch.Tensor
            (iterations, numbers)
        limit : torch.Tensor
            (iterations,), the largest distance allowed.
        """
        try:
            return all(
                (here - there).abs().max() <= far
                for here, there, far in zip(self.walk(contender), path, limit, strict=True)
            )
        except Exception:  # a mistake may be one that cannot run with these hyperparameters
            return False

    def _source(self, device="cpu"):
        return Generated(self.shapes, self.kind, len(self.changes), device=device)


def refused(side, shapes, kind="ordinary", changes=({},) * 3):
    """Return the exception that an optimizer raises; None if it raises none."""
    try:
        Setup(shapes, kind, [*changes]).follow(side)
    except Exception as error:  # a user's rule, or any package's class, may raise anything
        return error
    return None


def _flat(tensors):
    return torch.cat([tensor.flatten() for tensor in tensors])


def rounding(path):
    """Return how far rounding may take two rules at most, roughly: (iterations,)."""
    iterations = torch.arange(1, len(path) + 1)
    return 8 * torch.finfo(path.dtype).eps * iterations * path.abs().amax(1).cummax(0).values
