"""Whether parameters are as close to those of a reference as rounding allows, step by step.

The limits are those of `descent.parity.tolerance`: the formula first, then what rounding does to
the reference itself. They are computed here for one network whose tensors may have any shapes,
dtypes and devices, and whose steps need not all be looked at.
"""

from dataclasses import dataclass

import torch

from descent.parity.arithmetic import ROUNDINGS, Disturbed, Noise, unit
from descent.parity.tolerance import CLEARLY, largest_ratio
from descent.parity.verdict import ENVELOPE, NO_ENVELOPE, WIDE_ENVELOPE

#: The error of a step, for each step so far, of two rules whose scalars are in float32.
_OF_SCALARS = 2 * ROUNDINGS * unit(torch.float32)


@dataclass(frozen=True)
class Outcome:
    """A comparison.

    Attributes
    ----------
    share : float
        The largest difference, as a share of the tolerance; above 1, it is a difference.
    tensor : int
        Where that is.
    is_identical : bool
        Whether all numbers are the same.
    is_finite : bool
        Whether one of the two sides is finite; otherwise there is nothing to compare.
    envelope : str
        What was needed to explain the difference, see `descent.parity.replay`.
    """

    share: float
    tensor: int
    is_identical: bool
    is_finite: bool
    envelope: str = NO_ENVELOPE


class Closeness:
    """A reference that steps along, and how far from it somebody else's parameters may be.

    Where the formula does not suffice, the steps since the last comparison are taken again, from
    the reference as it was then, by two twins whose operations are disturbed. So only a copy of the
    reference and these gradients are kept, and twins run only in doubt. What they explain is
    granted from then on, because it stays in the parameters.

    Parameters
    ----------
    reference : descent.parity.reference.Reference
    accumulates : bool
        Whether differences of earlier steps stay; otherwise, the reference adopts our parameters.
    """

    def __init__(self, reference, accumulates):
        self.reference = reference
        self.is_settled = False  # a difference has been found: no twins are needed any more
        self._accumulates = accumulates
        units = [unit(value.dtype) for value in reference.values]
        self._unit = 2 * ROUNDINGS * torch.tensor(units, dtype=torch.float64)
        # torch keeps scalars in the default dtype, also beside parameters in float64
        dtypes = {torch.get_default_dtype(), *(value.dtype for value in reference.values)}
        self._wide = dtypes != {torch.float64}
        self._steps, self._taken = 0, []
        self._before = self.start = self._latest = None
        nothing = torch.zeros(len(units), dtype=torch.float64)
        self._largest_step = self._sum = self._granted = self._apart = nothing

    def step(self, gradients, settings, compared=True):
        """Let the reference take a step.

        Parameters
        ----------
        gradients : list of torch.Tensor
            Not changed; kept until the next comparison.
        settings : list of dict
            See `descent.parity.reference.Reference.step`.
        compared : bool
            Whether a comparison follows.
        """
        is_kept = self._accumulates or compared
        if is_kept and not self._taken:
            self._before = None if self.is_settled else self._copy()
            self.start = self._before.values if self._before else _clones(self.reference.values)
        if compared:
            self._latest = _clones(self.reference.values) if self._taken else self.start
        if is_kept:
            self._taken.append((gradients, settings))
        self._steps += 1
        if not self.reference.leaves_gradients:
            gradients = _clones(gradients)
        self.reference.step(gradients, settings)

    @property
    def n_taken(self):
        """How many steps the reference has taken since the last comparison."""
        return len(self._taken)

    def _copy(self):
        try:
            return self.reference.copy()
        except Exception:  # an attribute of a user's class that cannot be copied: no twins
            return None

    def compare(self, ours):
        """Compare parameters with those of the reference.

        Returns
        -------
        Outcome
        """
        theirs, n = self.reference.values, len(self._taken)
        scale, step = _largest(theirs), _largest(_differences(theirs, self._latest))
        self._largest_step = torch.maximum(self._largest_step, step)
        # the formula; steps that are not looked at are taken to be no larger than those that are
        new = self._unit * n * (scale + self._steps * self._largest_step)
        self._sum = self._sum + new if self._accumulates else new
        apart = _largest(_differences(ours, theirs))
        lost = ~(scale.isfinite() & apart.isfinite())
        if lost.any():
            self._taken.clear()
            both = not (_largest(ours).isfinite() | scale.isfinite())[lost].any()
            return Outcome(0.0 if both else torch.inf, int(lost.int().argmax()), False, not both)
        # the formula, for all steps; and for this one, with what a difference makes of itself
        limit = self._sum + self._granted
        if not self.is_settled and self._accumulates:
            limit = torch.minimum(limit, new + 2 * self._apart)
        self._apart = apart
        outcome = _judge(apart, limit, NO_ENVELOPE)
        if outcome.share > 1 and self._before:
            for envelope in (ENVELOPE, WIDE_ENVELOPE)[: 2 if self._wide else 1]:
                extra = self._sensitivity(envelope, new, n * self._largest_step)
                if envelope == WIDE_ENVELOPE:  # roundings of scalars add up, as in the formula
                    extra += _OF_SCALARS * n * self._steps * self._largest_step
                outcome = _judge(apart, limit + extra, envelope)
                if outcome.share <= 1:
                    break
            if self._accumulates and outcome.share <= 1:
                self._granted = self._granted + extra
        self._taken.clear()
        return outcome

    def _sensitivity(self, envelope, new, way):
        """Measure the envelope, see `descent.parity.tolerance.Envelope`, of the latest steps."""
        noises = [Noise(sign, envelope == WIDE_ENVELOPE) for sign in (1, -1)]
        plain = self._again(None)
        farthest = torch.zeros(()).double()
        for noise in noises:
            away = _largest(_differences(self._again(Disturbed(noise)), plain))
            farthest = torch.maximum(farthest, torch.where(away.isfinite(), away, 0.0))
        limits = [largest_ratio(farthest, of) * of for of in (new, way)]
        return CLEARLY * torch.maximum(farthest, torch.minimum(*limits))

    def _again(self, arithmetic):
        """Take the latest steps again, on the CPU, wherever the training loop computes."""
        twin = self._before.copy()
        twin.move_to_cpu()
        for gradients, settings in self._taken:
            gradients = [None if each is None else each.cpu().clone() for each in gradients]
            twin.step(gradients, settings, arithmetic)
        return twin.values

    def adopt(self, values):
        """Let the reference go on from other values; None for parameters that stay."""
        self.reference.adopt(values)
        self._taken.clear()


def _judge(apart, limit, envelope):
    shares = torch.where(apart > 0, apart / limit, 0.0)
    tensor = int(shares.argmax())
    return Outcome(shares[tensor].item(), tensor, not apart.any(), True, envelope)


def _clones(tensors):
    return [None if tensor is None else tensor.clone() for tensor in tensors]


def _differences(ours, theirs):
    return torch._foreach_sub(ours, theirs)


def _largest(tensors):
    """Compute the largest magnitude of every tensor, as float64 on the CPU."""
    # measured: 16 times as fast as a norm
    extremes = [
        tensor.aminmax() if tensor.numel() else (tensor.new_zeros(()),) * 2 for tensor in tensors
    ]
    found = [torch.maximum(high, -low) for low, high in extremes]
    return torch.stack([each.to(found[0].device) for each in found]).cpu().double()
