"""What a shadow has seen, and its text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from descent.parity.verdict import DIFFERENT, LESS_ACCURATE

#: The verdict if no step was compared.
NOTHING = "nothing compared"


@dataclass(frozen=True, repr=False)
class ShadowReport:
    """What a shadow has seen.

    Attributes
    ----------
    against : str
        The reference.
    verdict : str
        See `descent.parity.verdict`.
    steps, compared : int
        How many steps were seen, and how many of them compared.
    first_difference : dict or None
        The first comparison outside of the tolerance: `step`, its number from 1, and `since`, the
        first step after the comparison before; `tensor` and `index` of the number that differs
        most; `yours` and `reference`, how far it went since then, and their `ratio`; `share`, the
        difference as a multiple of the tolerance; `agreed`, how many comparisons before agree.
    largest : dict
        The largest difference as a multiple of the tolerance: `share`, `step` and `tensor`.
    remarks : list of str
        What else was noticed.
    """

    against: str
    verdict: str
    steps: int
    compared: int
    first_difference: dict[str, Any] | None
    largest: dict[str, Any]
    remarks: list[str]

    @property
    def passed(self) -> bool:
        """Whether steps were compared, and none differs."""
        return self.verdict not in (DIFFERENT, NOTHING)

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        counted = f"{self.steps} steps"
        if self.compared != self.steps:
            counted += f", {self.compared} of them compared"
        lines = [f"your steps against {self.against}: {counted}", f"verdict: {self.verdict}"]
        if self.first_difference:
            lines.append(f"  {describe(self.first_difference)}")
        if self.largest["share"]:
            lines.append(
                "  largest difference {share:.2g} x what rounding can explain, in step {step}, "
                "tensor {tensor}".format(**self.largest)
            )
        if self.verdict == LESS_ACCURATE:
            lines.append(
                "  a run in float64, with torch.set_default_dtype(torch.float64), tells for sure"
            )
        return "\n".join([*lines, *(f"note: {remark}" for remark in self.remarks)])

    __repr__ = __str__  # what a notebook shows as the value of a cell


def describe(found):
    """Describe a difference, and what came before it."""
    step, since, agreed = found["step"], found["since"], found["agreed"]
    when = f"step {step}" if since == step else f"steps {since} to {step}"
    index = ", ".join(map(str, found["index"]))
    place = f"{found['tensor']}[{index}]" if index else found["tensor"]
    yours, reference = _as_different(found["yours"], found["reference"])
    text = f"{when}, {place}: yours {yours}, reference {reference}"
    if found["ratio"] is not None:
        text += f", ratio {_as_different(found['ratio'], 1.0)[0]}"
    if agreed == 0:
        return f"{text}; that is the first comparison"
    if agreed < step - 1:
        return f"{text}; {agreed} comparisons before agree"
    return f"{text}; the first {'step is' if agreed == 1 else f'{agreed} steps are'} right"


def _as_different(*numbers):
    """Write two numbers with as many digits as it takes to tell them apart."""
    for digits in range(3, 17):
        texts = [f"{number:.{digits}g}" for number in numbers]
        if texts[0] != texts[1]:
            break
    return texts


def largest_difference(*sides):
    """Find the number that differs most, and how far it went on both sides since the start."""
    ours, theirs, start = (side.cpu().double() for side in sides)
    apart = (ours - theirs).abs().nan_to_num(nan=torch.inf)
    index = tuple(int(each) for each in torch.unravel_index(apart.argmax(), apart.shape))
    yours, reference = ((side[index] - start[index]).item() for side in (ours, theirs))
    return {
        "index": index,
        "yours": yours,
        "reference": reference,
        "ratio": yours / reference if reference else None,
    }
