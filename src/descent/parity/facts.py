"""Facts about the steps of a rule whose mistake is not known."""

import torch

from descent.parity.fit import as_ratio
from descent.parity.paths import rounding

#: Ratios of steps count as one number if they spread by less than this.
_SPREAD = 1e-3

#: A difference of this relative size may come from float32, whose rounding is 6e-8.
_OF_FLOAT32 = (1e-10, 1e-5)


def describe(setup, path, right):
    """Describe where a rule leaves its reference, and how.

    Parameters
    ----------
    setup : descent.parity.paths.Setup
    path, right : torch.Tensor
        (iterations, numbers), the parameters of the rule and of the reference.

    Returns
    -------
    list of str
    """
    apart = (path - right).abs() > rounding(right)[:, None]
    if not apart.any():
        return []
    begins = int(apart.any(1).int().argmax())
    names = [name for name, part in setup.parts(apart.any(0)).items() if part.any()]
    start = setup.start()
    still = [name for name, part in setup.parts((path == start).all(0)).items() if part.all()]
    facts = []
    if still:
        facts.append(f"never updated: {', '.join(still)}")
    elif len(names) < len(setup.shapes):
        facts.append(f"only {', '.join(names)} of {', '.join(setup.shapes)} differ")
    if begins:
        what = "iteration agrees" if begins == 1 else f"{begins} iterations agree"
        facts.append(f"the first {what}: look for what changes in iteration {begins + 1}")
    facts += _ratio(start, path, right, begins)
    relative = (path - right).abs().max() / (right - start).abs().max()
    if setup.dtype == torch.float64 and _OF_FLOAT32[0] < relative < _OF_FLOAT32[1] and not still:
        facts.append(
            f"the difference, {relative:.0e} of the way, is as small as the rounding of float32: "
            "is something kept or computed in float32?"
        )
    return facts


def _ratio(start, path, right, begins):
    """Compare the lengths of the first steps that differ, if they have a common ratio."""
    before = [start if begins == 0 else way[begins - 1] for way in (path, right)]
    ours, theirs = path[begins] - before[0], right[begins] - before[1]
    moves = theirs.abs() > 1e-6 * theirs.abs().max()
    if not moves.any():
        return []
    ratios = ours[moves] / theirs[moves]
    middle = ratios.median().item()
    if abs(middle - 1) < _SPREAD or (ratios - middle).abs().max() > _SPREAD * abs(middle):
        return []
    which = "the first step" if begins == 0 else f"the step of iteration {begins + 1}"
    if middle == 0:
        return [f"{which} is missing"]
    return [f"{which} is {as_ratio(float(f'{middle:.4g}'))} the reference's"]
