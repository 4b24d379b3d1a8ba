"""`descent new`: a template for an update rule, which runs as it is, and its test."""

import keyword

from descent.errors import UsageError

_RULE = '''"""{name}, my own optimizer."""


def {name}(parameters, gradients, state, *, lr):
    """Take one step: w <- w - lr g.

    `parameters` and `gradients` are lists of the tensors of one network, W0, b0, W1, b1, ...
    `state` is a dict that starts empty and is kept between iterations. The arguments after the *
    are the hyperparameters; add those that your rule needs, such as `momentum`.
    """
    # Keep what the rule remembers in `state`, not in a global variable. With torch imported:
    # if not state:
    #     state["velocity"] = [torch.zeros_like(parameter) for parameter in parameters]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        # In place: `parameter = parameter - lr * gradient` would make a new tensor that is lost.
        parameter.sub_(lr * gradient)
'''

_TEST = '''"""{name} must take the same steps as its reference. Run: pytest test_{name}.py"""

from pathlib import Path

import descent

FILE = Path(__file__).with_name("{name}.py")
REFERENCE = "torch.optim.SGD"
HYPERPARAMETERS = {{"lr": 0.01}}


def test_{name}_takes_the_steps_of_its_reference():
    report = descent.check(f"{{FILE}}:{name}", REFERENCE, **HYPERPARAMETERS)
    assert report.passed, str(report)
'''


def write_template(name, folder):
    """Write `<name>.py` and `test_<name>.py`.

    Parameters
    ----------
    name : str
        Name of the rule; a valid Python name.
    folder : pathlib.Path

    Returns
    -------
    list of pathlib.Path
        The two files.

    Raises
    ------
    UsageError
        If the name is not a valid Python name, or one of the files already exists; then nothing is
        written.
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise UsageError(f"{name}: not a valid Python name; choose one such as my_rule")
    texts = {folder / f"{name}.py": _RULE, folder / f"test_{name}.py": _TEST}
    for file in texts:
        if file.exists():
            raise UsageError(f"{file}: already exists and was left unchanged; choose another name")
    for file, text in texts.items():
        file.write_text(text.format(name=name))
    return list(texts)
