"""Facts about the steps of a rule whose mistake is not known."""

import torch

from descent.parity.fit import apart, as_ratio
from descent.parity.paths import rounding

#: Ratios of steps count as one number if they spread by less than this.
_SPREAD = 1e-3

#: A difference of this relative size may come from float32, whose rounding is 6e-8.
_OF_FLOAT32 = (1e-10, 1e-5)


def describe(setup, path, right, *, far=False):
    """Describe where a rule leaves its reference, and how.

    Parameters
    ----------
    setup : descent.parity.paths.Setup
    path, right : torch.Tensor
        (iterations, numbers), the parameters of the rule and of the reference.
    far : bool
        Whether the two are much further apart elsewhere, namely in training.

    Returns
    -------
    list of str
    """
    differs = (path - right).abs() > rounding(right)[:, None]
    if not differs.any():
        return []
    begins = int(differs.any(1).int().argmax())
    parts = setup.parts(differs.any(0))
    names = [name for name, part in parts.items() if part.any()]
    whole = all(parts[name].all() for name in names)
    start = setup.start()
    still = [name for name, part in setup.parts((path == start).all(0)).items() if part.all()]
    facts = []
    if still:
        facts.append(f"never updated: {', '.join(still)}")
    elif whole and len(names) < len(setup.shapes):
        facts.append(f"only {', '.join(names)} of {', '.join(setup.shapes)} differ")
    if begins and not any(setup.changes):
        what = "iteration agrees" if begins == 1 else f"{begins} iterations agree"
        facts.append(f"the first {what}")
    before = [start if begins == 0 else way[begins - 1] for way in (path, right)]
    steps = [way[begins] - old for way, old in zip((path, right), before, strict=True)]
    sizes = _ratio(*steps, differs[begins], begins) if whole and not still else []
    relative = (path - right).abs().max() / (right - start).abs().max()
    if not sizes and setup.dtype == torch.float64 and _OF_FLOAT32[0] < relative < _OF_FLOAT32[1]:
        sizes = [
            f"the difference is only {relative:.0e} of the way, but larger in training, where "
            "gradients are small: is it eps, its value or its place?"
            if far
            else f"the difference, {relative:.0e} of the way, is as small as the rounding of "
            "float32: is something kept or computed in float32?"
        ]
    return facts + (sizes or ([] if still else _example(setup, *steps, begins)))


def _ratio(ours, theirs, differs, begins):
    """Compare the lengths of the first steps that differ, if they have a common ratio."""
    moves = differs & (theirs.abs() > 1e-6 * theirs.abs().max())
    if not moves.any():
        return []
    ratios = ours[moves] / theirs[moves]
    middle = ratios.median().item()
    if abs(middle - 1) < _SPREAD or (ratios - middle).abs().max() > _SPREAD * abs(middle):
        return []
    if middle == 0:
        return [f"{_step(begins)} is missing"]
    ratio = as_ratio(middle, tolerance=1e-4)
    return [f"{_step(begins)} is {ratio} the reference's"]


def _example(setup, ours, theirs, begins):
    """Give the number whose first step differs most."""
    index = (ours - theirs).abs().argmax()
    where = torch.zeros_like(ours)
    where[index] = 1
    for name, part in setup.parts(where).items():
        if part.any():
            at = torch.unravel_index(part.argmax(), setup.shapes[name])
            place = f"{name}[{', '.join(str(int(each)) for each in at)}]" if at else name
    return [
        f"{_step(begins)} of {place} is {apart(float(ours[index]), float(theirs[index]))}, where "
        f"the reference's is {theirs[index]:.6g}"
    ]


def _step(begins):
    return "the first step" if begins == 0 else f"the step of iteration {begins + 1}"
