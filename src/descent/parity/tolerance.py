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

    Parameters
    ----------
    values : list of torch.Tensor
        The reference's parameters, stacked over seeds, which change in place.

    Attributes
    ----------
    scale, bound, way : torch.Tensor
        (tensors, seeds), on the CPU: the largest magnitude now, the bound, and the sum of the
        largest steps.
    """

    def __init__(self, values):
        self._unit = unit(values[0].dtype)
        self._values = values
        self._iteration = 0
        self._before = [tensor.clone() for tensor in values]
        self._sum = self._largest_step = self.way = torch.zeros(())

    def advance(self):
        """Account for one more iteration."""
        self._iteration += 1
        self.scale = magnitudes(self._values)
        steps = magnitudes(
            [now.sub(old) for now, old in zip(self._values, self._before, strict=True)]
        )
        self.way = self.way + steps
        self._largest_step = torch.maximum(self._largest_step, steps)
        self._sum = self._sum + self.scale + self._iteration * self._largest_step
        self.bound = 2 * ROUNDINGS * self._unit * self._sum
        for old, now in zip(self._before, self._values, strict=True):
            old.copy_(now)


class Envelope:
    """How far a rule may be away from a reference, given how far its twins have been.

    The ratios are the largest of all tensors and seeds: a tensor of few numbers may be spared by
    chance.

    Parameters
    ----------
    reference : descent.parity.replay.Network
    twins : list of descent.parity.replay.Network
    """

    def __init__(self, reference, twins):
        self.twins = twins
        self._reference = reference
        self._farthest = torch.zeros(())

    def advance(self, formula):
        """Account for one more iteration, to which only finite twins count.

        Returns
        -------
        tuple of float
            The envelope, as a multiple of the formula's bound and as one of its `way`. A rule must
            be within both.
        """
        for twin in self.twins:
            away = distances(twin.values, self._reference.values)
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


def magnitudes(tensors):
    """Compute the largest magnitude of every tensor and seed: (tensors, seeds), float64, CPU."""
    return torch.stack([_largest(tensor) for tensor in tensors]).cpu().double()


def _largest(tensor):
    """Compute the largest magnitude of every seed; measured: twice as fast as abs and maximum."""
    flat = tensor.reshape(len(tensor), -1)
    return torch.maximum(flat.amax(1), -flat.amin(1))


#: The distance of zeros of opposite sign, which are the same number.
OF_ZEROS = torch.finfo().tiny


def distances(ours, theirs):
    """Compute the largest difference of every tensor and seed; infinite where ours is not finite.

    It is 0 only for tensors with the same bits: zeros of opposite sign differ by a tiny number.
    Returns (tensors, seeds), float64, on the CPU.
    """
    bits = {torch.float32: torch.int32, torch.float64: torch.int64}[ours[0].dtype]
    found = torch.zeros(len(ours), len(ours[0]), dtype=torch.float64)
    for distance, one, other in zip(found, ours, theirs, strict=True):
        if not torch.equal(one.view(bits), other.view(bits)):
            largest = _largest(one - other).double()
            distance.copy_(largest.nan_to_num(nan=torch.inf, posinf=torch.inf).clamp(min=OF_ZEROS))
    return found
