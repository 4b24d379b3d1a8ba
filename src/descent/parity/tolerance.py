"""How far apart rounding may take two correct update rules: the larger of two limits.

**The formula.** Let u be the unit roundoff and k the number of roundings per iteration, with maxima
taken over the elements of a tensor. By iteration t, a correct rule has rounded the parameters w_s
of each iteration s <= t at most k times, and each step is a sum of contributions that were rounded
at most k s times. Hence

    |w - w_exact| <= k u sum_{s <= t} (|w_s| + s D_s),    D_s = max_{r <= s} |w_r - w_{r-1}|

to first order in u (Higham, Accuracy and Stability of Numerical Algorithms, 2002, chapter 3), as
long as a step's contributions do not cancel to much less than the largest step so far. Two correct
rules differ by at most twice that.

**The envelope.** Where contributions cancel, digits are lost, and where a rule jumps, as a sign
does, a rounding can decide. The envelope is what this does to the reference itself: the formula's
bound times the factor by which two disturbed runs of the reference exceed it, and a quarter more,
see `descent.parity.arithmetic`.
"""

from dataclasses import dataclass

import torch

from descent.parity.arithmetic import ROUNDINGS, unit

#: A rule must be clearly outside of the envelope: where it jumps, so does a twin, by as much.
CLEARLY = 1.25

#: Iterations over which the effect of a gradient is added up: until one adds less than this share.
_AT_LEAST, _HORIZON, _SETTLED = 20, 1000, 1e-7


class Formula:
    """The formula's bound, accumulated over the reference's iterations.

    Paths, here and below, are parameters iteration by iteration: a list of tensors (iterations,
    seeds, numbers). Measured: a check that does all this for many iterations at once, and not for
    each, takes a fifth less time.

    Parameters
    ----------
    start : list of torch.Tensor
        The reference's path up to its start: one iteration.

    Attributes
    ----------
    scale, bound, way : torch.Tensor
        (iterations, tensors, seeds) of the path last accounted for, on the CPU: the largest
        magnitude, the bound, and the sum of the largest steps.
    """

    def __init__(self, start):
        self._unit = unit(start[0].dtype)
        self._iterations = 0
        self._before = [tensor.clone() for tensor in start]
        self._sum = self._largest_step = self._way = torch.zeros(())

    def advance(self, path):
        """Account for more iterations."""
        n = len(path[0])
        numbers = torch.arange(1, n + 1).view(-1, 1, 1) + self._iterations
        self.scale = magnitudes(path)
        steps = magnitudes(
            [
                now - (before if n == 1 else torch.cat([before, now[:-1]]))
                for before, now in zip(self._before, path, strict=True)
            ]
        )
        self.way = self._way + steps.cumsum(0)
        largest_steps = torch.maximum(self._largest_step, steps.cummax(0).values)
        sums = self._sum + (self.scale + numbers * largest_steps).cumsum(0)
        self.bound = 2 * ROUNDINGS * self._unit * sums
        self._iterations += n
        for before, now in zip(self._before, path, strict=True):
            before.copy_(now[-1:])
        self._sum, self._largest_step, self._way = sums[-1], largest_steps[-1], self.way[-1]


class Envelope:
    """How far a rule may be away from a reference, given how far its twins have been.

    The ratios are the largest of all tensors and seeds: a tensor of few numbers may be spared by
    chance.
    """

    def __init__(self):
        self._farthest = torch.zeros(())

    def advance(self, reference, twins, formula):
        """Account for one more iteration, to which only finite twins count.

        Parameters
        ----------
        reference : list of torch.Tensor
            The path of that iteration.
        twins : list of list of torch.Tensor
        formula : Formula
            That has accounted for it.

        Returns
        -------
        tuple of float
            The envelope, as a multiple of the formula's bound and as one of its `way`. A rule must
            be within both.
        """
        for twin in twins:
            away = distances(twin, reference)
            away = torch.where(away.isfinite(), away, 0.0)
            self._farthest = torch.maximum(self._farthest, away)
        of_bound, of_way = (
            CLEARLY * largest_ratio(self._farthest, unit).item()
            for unit in (formula.bound, formula.way)
        )
        return max(of_bound, 1.0), of_way


def largest_ratio(farthest, unit):
    """Return the largest distance of all tensors, in units of their own that are not 0."""
    return torch.where(unit > 0, farthest / unit, 0.0).max()


@dataclass(frozen=True)
class Gain:
    """What a rule that is linear in the gradients makes of a rounding.

    Such rules, SGD with any kind of momentum, can be written so that a velocity is the difference
    of two positions, or a difference of sums. Then a rounding of the parameters, or one of a sum,
    enters the velocity like a gradient. No operation of the reference need have that error, so it
    is added to the gradients.

    Attributes
    ----------
    per_step : float
        Gradient divided by the first step that it causes: 1 / lr.
    total : float
        The whole effect of a gradient divided by its first step: 1 / (1 - momentum).
    """

    per_step: float
    total: float

    @classmethod
    def of(cls, maker, initial):
        """Measure the gain of a rule; None if it is not linear in the gradients.

        It is also None where the learning rate follows a schedule. With other rates, those ways to
        write a rule are other rules; and measured at the small rate of a warm-up, the gain would
        hide mistakes at the others.
        """
        random = torch.Generator().manual_seed(0)
        start = [_corner(tensor).double() for tensor in initial]
        gradients = [
            torch.randn(p.shape, generator=random, dtype=p.dtype).to(p.device) for p in start
        ]
        parameters = {factor: [p.clone() for p in start] for factor in (0, 1, 2)}
        steps = {factor: maker(values) for factor, values in parameters.items()}
        if getattr(steps[0], "follows_schedule", False):  # only `Regulated` may
            return None

        def take(scale):
            for factor, step in steps.items():
                step([scale * factor * gradient for gradient in gradients])
            one, two = (
                torch.cat(
                    [
                        (new - old).flatten()
                        for new, old in zip(parameters[factor], parameters[0], strict=True)
                    ]
                )
                for factor in (1, 2)
            )
            return one.detach(), two.detach()

        total = first = take(1)[0].abs().max()
        for iteration in range(_HORIZON):
            one, two = take(0)
            if not (first > 0 and torch.allclose(two, 2 * one, rtol=1e-6, atol=1e-9 * first)):
                return None
            before, total = total, torch.maximum(total, one.abs().max())
            if iteration >= _AT_LEAST and total - before < _SETTLED * total:
                break
        largest = max(gradient.abs().max() for gradient in gradients)
        return cls(float(largest / first), float(total / first))

    def disturb(self, gradients, values, arithmetic):
        """Add the roundings to the gradients that are not 0."""
        return [
            gradient
            if gradient is None
            else gradient
            + arithmetic.errors(gradient)
            * (self.total * gradient.abs() + self.per_step * value.abs().max())
            * (gradient != 0)
            for gradient, value in zip(gradients, values, strict=True)
        ]


def _corner(tensor):
    """Return a few numbers of the first network: a linear rule does the same to all."""
    return tensor.detach()[(slice(1), *[slice(3)] * (tensor.dim() - 1))]


def magnitudes(path):
    """Compute the largest magnitude of every tensor: (iterations, tensors, seeds), float64, CPU."""
    # measured: as fast as abs for few numbers, and faster for many
    largest = [torch.maximum(tensor.amax(2), -tensor.amin(2)) for tensor in path]
    return torch.stack(largest, 1).cpu().double()


#: The distance of zeros of opposite sign, which are the same number.
OF_ZEROS = torch.finfo().tiny

_BITS = {torch.float32: torch.int32, torch.float64: torch.int64}


def distances(ours, theirs):
    """Compute the largest difference of every tensor of two paths.

    It is infinite where ours is not finite, and 0 only for tensors with the same bits for all
    seeds: zeros of opposite sign differ by a tiny number.

    Returns
    -------
    torch.Tensor
        (iterations, tensors, seeds), float64, on the CPU.
    """
    n_iterations, n_seeds, _ = ours[0].shape
    found = torch.zeros(n_iterations, len(ours), n_seeds, dtype=torch.float64)
    bits = _BITS[ours[0].dtype]
    for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        if torch.equal(one.view(bits), other.view(bits)):
            continue
        differ = (one.view(bits) != other.view(bits)).flatten(1).any(1, keepdim=True).cpu()
        largest = magnitudes([one - other])[:, 0].nan_to_num(nan=torch.inf, posinf=torch.inf)
        found[:, index] = torch.where(differ, largest.clamp(min=OF_ZEROS), 0.0)
    return found
