"""Mistakes in Rprop."""

from functools import partial

from descent.parity.catalog.mutant import Mutant

_mutant = partial(Mutant, "rprop")

_AGREE = "agreement = previous.mul_(gradient).sign()"
_GROW, _SHRINK = "size[agreement > 0] *= eta_plus", "size[agreement < 0] *= eta_minus"
_CLAMP = "size.clamp_(*step_sizes)"
_KEEP = "previous.copy_(gradient).masked_fill_(agreement < 0, 0)"
_STEP = "parameter.addcmul_(previous.sign(), size, value=-1)"
_LIMITS = {"step_sizes": (0.005, 0.02)}

MUTANTS = [
    _mutant(
        "steps_after_change",
        "it still steps where the sign of the gradient has changed",
        ((_STEP, "parameter.addcmul_(gradient.sign(), size, value=-1)"),),
        seen="libfann/fann#85",
    ),
    _mutant(
        "change_remembered",
        "the previous gradient does not count as 0 after a change of sign",
        (
            (_KEEP, "previous.copy_(gradient)"),
            (_STEP, "parameter.addcmul_(previous.sign() * (agreement >= 0), size, value=-1)"),
        ),
    ),
    _mutant(
        "change_not_zeroed",
        "the gradient does not count as 0 where its sign has changed, neither now nor later",
        ((_KEEP, "previous.copy_(gradient)"),),
        seen="pytorch/pytorch#70418",
    ),
    _mutant(
        "backtracks",
        "it takes the previous step back where the sign of the gradient has changed",
        (
            (_AGREE, f"taken = previous.sign() * size\n        {_AGREE}"),
            (_STEP, f"{_STEP}\n        parameter.add_(taken * (agreement < 0))"),
        ),
    ),
    _mutant(
        "etas_swapped",
        "eta_minus and eta_plus are swapped: step sizes grow where the sign changes",
        (("eta_minus, eta_plus =", "eta_plus, eta_minus ="),),
    ),
    _mutant("no_growth", "the step sizes never grow", ((f"        {_GROW}\n", ""),)),
    _mutant("no_shrinking", "the step sizes never shrink", ((f"        {_SHRINK}\n", ""),)),
    _mutant(
        "no_change",
        "the step sizes never change",
        ((f"        {_GROW}\n", ""), (f"        {_SHRINK}\n", "")),
    ),
    _mutant(
        "growth_after_0",
        "the step sizes also grow where the previous gradient counts as 0",
        ((_GROW, "size[agreement >= 0] *= eta_plus"),),
    ),
    _mutant(
        "shrinking_after_0",
        "the step sizes also shrink where the previous gradient counts as 0",
        ((_SHRINK, "size[agreement <= 0] *= eta_minus"),),
    ),
    _mutant(
        "no_maximum",
        "the step sizes have no maximum",
        ((_CLAMP, "size.clamp_(min=step_sizes[0])"),),
        _LIMITS,
    ),
    _mutant(
        "no_minimum",
        "the step sizes have no minimum",
        ((_CLAMP, "size.clamp_(max=step_sizes[1])"),),
        _LIMITS,
    ),
    _mutant("no_limits", "the step sizes have no limits", ((f"        {_CLAMP}\n", ""),), _LIMITS),
    _mutant(
        "limits_not_stored",
        "the step sizes are limited for the step, but stored without the limits",
        ((f"        {_CLAMP}\n", ""), (_STEP, _STEP.replace("size,", "size.clamp(*step_sizes),"))),
        _LIMITS,
    ),
    _mutant(
        "limits_too_early",
        "the step sizes are limited before they change instead of after",
        ((f"        {_CLAMP}\n", ""), (_GROW, f"{_CLAMP}\n        {_GROW}")),
        _LIMITS,
    ),
    _mutant(
        "magnitude",
        "the step is multiplied by the gradient in place of its sign",
        (("previous.sign(), size", "previous, size"),),
    ),
    _mutant(
        "rate_twice",
        "the step is multiplied by the learning rate as well",
        (("size, value=-1", "size, value=-lr"),),
    ),
    _mutant(
        "stale_step",
        "the step of the previous iteration is taken",
        (
            (_AGREE, f"before = previous.sign() * size\n        {_AGREE}"),
            (_STEP, "parameter.sub_(before * (agreement >= 0))"),
        ),
        seen="google-deepmind/optax#1725",
    ),
    _mutant(
        "late_sizes",
        "the step sizes change after the step instead of before",
        (
            (_AGREE, f"before = size.clone()\n        {_AGREE}"),
            (_STEP, _STEP.replace("size,", "before,")),
        ),
    ),
    _mutant(
        "size_of_tensor",
        "one step size serves a whole tensor instead of each of its elements",
        (
            (
                _STEP,
                _STEP.replace("size,", "size.mean(),").replace(
                    "previous.sign(), size.mean(), value=-1",
                    "previous.sign(), size.mean(), value=-1",
                ),
            ),
        ),
    ),
    _mutant(
        "growth_added",
        "the step sizes grow by a constant amount instead of a constant factor",
        ((_GROW, "size[agreement > 0] += lr * (eta_plus - 1)"),),
    ),
    _mutant(
        "previous_never_updated",
        "the signs are compared with those of the first gradient",
        (
            (_AGREE, "agreement = (previous * gradient).sign()"),
            (_KEEP, "previous.copy_(torch.where(previous == 0, gradient, previous))"),
            (_STEP, "parameter.addcmul_(gradient.sign() * (agreement >= 0), size, value=-1)"),
        ),
    ),
    _mutant(
        "sizes_start_anew",
        "the step sizes start anew after a change of sign",
        ((_SHRINK, "size[agreement < 0] = lr * eta_minus"),),
    ),
]
