"""Write the page of the mistakes in one update rule, with pictures: `mistakes.py RULE FOLDER`.

They are those of the catalog that a check takes its hints from. Run by `mistakes.smk`. A check of
every mistake would take an hour: checked are those that were seen in public projects, and all of
the two rules of the lab.
"""

import difflib
import inspect
import re
import sys
from functools import partial
from importlib import import_module
from pathlib import Path

import matplotlib.pyplot as plt
import torch

from descent.parity.catalog import common, decay, ignored, make
from descent.parity.catalog.mutant import source_of
from descent.parity.check import check
from descent.reporting.figures.style import set_style

#: Mistakes that any rule can suffer are shown in one of them.
OF_ANY_RULE = "any_rule"

_OF_THE_LAB = ("sgd", "sgd_momentum")
_ITERATIONS = 60

#: Iterations in a picture.
ITERATIONS_DRAWN = 30


def mistakes_of(rule):
    """List the mistakes on the page of a rule: its own, or those that any rule can suffer.

    Those that were seen in public projects come first. Of hyperparameters without effect there is
    one, which stands for all.
    """
    if rule == OF_ANY_RULE:
        without_effect = [mutant for mutant in ignored.MUTANTS if mutant.name == "lr_ignored"]
        shared = [*common.MUTANTS, *without_effect, *decay.MUTANTS]
        mutants = list({mutant.name: mutant for mutant in reversed(shared)}.values())[::-1]
    else:
        mutants = import_module(f"descent.parity.catalog.{rule}").MUTANTS
    return sorted(mutants, key=lambda mutant: not mutant.seen)


def page(rule, folder):
    """Write a page of Markdown and its pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mutants = mistakes_of(rule)
    about = [f"{len(mutants)} mistakes."]
    if any(mutant.seen for mutant in mutants):
        about.append("Those that were seen in public projects come first.")
    if rule == OF_ANY_RULE:
        title = "Mistakes in any rule"
        about.append("Each is shown in one of the rules.")
        about.append("Any hyperparameter can be without effect: `lr_ignored` stands for all.")
    else:  # the first words of the module
        title = re.split("[:;,.]", import_module(f"descent.parity.catalog.{rule}").__doc__)[0]
    parts = [f"# {title}\n", f"{' '.join(about)}\n"]
    picture = Picture()
    parts += [_section(mutant, folder, picture) for mutant in mutants]
    (folder / f"{rule}.md").write_text("\n".join(parts))


def _section(mutant, folder, picture):
    parts = [f"## `{mutant.name}`\n", f"{_sentence(mutant)}\n"]
    if mutant.seen:
        parts.append(f"Seen in {_links(mutant.seen)}.\n")
    if mutant.special or mutant.changing or mutant.late:
        parts.append(f"{_when(mutant)}\n")
    parts.append(_fence("diff" if mutant.edits else "python", _code(mutant)))
    if picture.draw(mutant, folder / f"{mutant.rule}_{mutant.name}.png"):
        words = f"The first steps of {mutant.name} beside the right ones, and the difference"
        parts.append(f"![{words}]({mutant.rule}_{mutant.name}.png)\n")
    if (mutant.rule in _OF_THE_LAB and mutant.edits) or mutant.seen:
        parts.append(_fence("text", _output(mutant)))
    return "\n".join(parts)


def _sentence(mutant):
    """Return what a mutant says as a sentence of Markdown, with names such as `beta1` in code."""
    text = _WORDS.sub(_marked, mutant.says)
    first, *_ = text.split(" ", 1)
    if first in inspect.getfullargspec(_right(mutant.rule)).kwonlyargs:
        return f"`{first}`{text.removeprefix(first)}."
    return f"{text[0].upper()}{text[1:]}."


#: Code, names with a digit or an underscore, and what would mean something in Markdown.
_WORDS = re.compile(r"`[^`]*`|\b[a-z]+[_\d]\w*|[*<]")


def _marked(match):
    found = match[0]
    if found[0] in "*<":
        return f"\\{found}"
    return found if found[0] == "`" else f"`{found}`"


def _right(rule):
    return getattr(import_module(f"descent.optimizers.scratch.{rule}"), rule)


def _links(seen):
    issues = (name.split("#") for name in seen.split(", "))
    return ", ".join(
        f"[{project}#{number}](https://github.com/{project}/issues/{number})"
        for project, number in issues
    )


def _when(mutant):
    if mutant.special:
        numbers = "weights" if mutant.special == "large" else "gradients"
        return f"It shows only with {numbers} that are {mutant.special}."
    if mutant.changing:
        return "It shows only when a hyperparameter changes."
    return f"It shows from iteration {mutant.late} on."


def _fence(language, text):
    return f"```{language}\n{text.rstrip()}\n```\n"


def _code(mutant):
    """Return what differs from the right rule, or the function around it that takes wrong steps."""
    if not mutant.edits:
        wrapper = mutant.wrapper
        while isinstance(wrapper, partial):
            wrapper = wrapper.func
        return inspect.getsource(wrapper)
    right = wrong = source_of(mutant.rule)
    for old, new in mutant.edits:
        wrong = wrong.replace(old, new)
    lines = difflib.unified_diff(right.splitlines(), wrong.splitlines(), n=2, lineterm="")
    return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def _output(mutant):
    """Return what `descent check` prints."""
    iterations = max(_ITERATIONS, mutant.late + 20)
    reference = f"scratch.{mutant.rule}"
    report = check(make(mutant), reference, mutant.settings, mutant.settings, iterations)
    return str(report)


class Picture:
    """The first steps of a wrong rule beside the right ones, and the difference.

    One figure serves all mistakes: to lay out a new one takes longer than everything else.
    """

    def __init__(self):
        set_style()
        self.figure, (lengths, apart) = plt.subplots(1, 2, figsize=(6.4, 1.9))
        self.figure.subplots_adjust(left=0.13, right=0.98, bottom=0.22, top=0.86, wspace=0.38)
        iterations = range(1, ITERATIONS_DRAWN + 1)
        start = [1.0] * ITERATIONS_DRAWN
        wrong = {"color": "#d55e00", "marker": "."}
        [right_steps] = lengths.plot(iterations, start, color="0.6", linewidth=3, label="right")
        [wrong_steps] = lengths.plot(iterations, start, **wrong, label="wrong")
        [difference] = apart.plot(iterations, start, **wrong)
        self.lines = wrong_steps, right_steps, difference
        lengths.set(xlabel="Iteration", ylabel="Length of the step", yscale="log")
        lengths.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
        apart.set(xlabel="Iteration", ylabel="Difference", yscale="log")

    def draw(self, mutant, file):
        """Draw a mistake, if it makes a difference with ordinary gradients; return whether."""
        curves = steps(mutant)
        if not max(curves[-1]) > 0:
            return False
        for line, values in zip(self.lines, curves, strict=True):
            line.set_ydata(values)
        for axes in self.figure.axes:
            axes.relim()
            axes.autoscale()
            low, high = axes.get_ylim()
            if high < 1.01 * low:  # what is constant would fill the picture with its rounding
                axes.set_ylim(low / 2, high * 2)
        self.figure.savefig(file, dpi=110)
        return True


def steps(mutant):
    """Give a wrong rule the gradients of the right one's training, on a small quadratic problem.

    Returns
    -------
    tuple of list of float
        At each iteration: the length of the wrong step and of the right one, and the difference of
        the parameters.
    """
    right = _right(mutant.rule)
    generator = torch.Generator().manual_seed(0)
    draw = partial(torch.randn, generator=generator, dtype=torch.float64)
    inputs, outputs, initial = draw(32, 6), draw(32, 6), [draw(6, 6), draw(6)]
    sides = [(rule, [value.clone() for value in initial], {}) for rule in (make(mutant), right)]
    lengths, difference = ([], []), []
    for _ in range(ITERATIONS_DRAWN):
        weights, biases = sides[1][1]
        errors = (inputs @ weights + biases - outputs) / len(inputs)
        gradients = [inputs.T @ errors, errors.sum(0)]
        for (rule, parameters, state), found in zip(sides, lengths, strict=True):
            before = [value.clone() for value in parameters]
            rule(parameters, [gradient.clone() for gradient in gradients], state, **mutant.settings)
            found.append(_norm(parameters, before))
        difference.append(_norm(sides[0][1], sides[1][1]))
    return *lengths, difference


def _norm(ones, others):
    return (
        sum(float((one - other).square().sum()) for one, other in zip(ones, others, strict=True))
        ** 0.5
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    page(sys.argv[1], Path(sys.argv[2]))
