"""What the name of a module means, in `model: {module: ...}`.

The Snakefile imports this module at every start, so it must stay light.
"""

import difflib
from pathlib import Path

from descent.errors import SignatureError
from descent.optimizers.spec import parse

#: The folder of the included networks, one per file.
MODELS = Path(__file__).parent

#: Maps the name of each included network to its class.
INCLUDED = {"lenet": "LeNet", "linear": "Linear", "mlp": "MLP"}

#: What every module is given by the data set, if it has an argument of this name.
GIVEN = ("image_shape", "n_classes")

#: Keys of `model` that are not keywords of its module.
_OTHER_KEYS = ("module", "initialization")


def module_place(module):
    """Say where the class of a module is.

    Parameters
    ----------
    module : str
        `<file>.py:<Class>`, or `descent.models.<name>`.

    Returns
    -------
    pathlib.Path, str
        The file and the name of the class.

    Raises
    ------
    SignatureError
        If there is no such name.
    """
    spec = parse(module)
    if spec.file:
        return Path(spec.file), spec.name
    if spec.kind == "descent.models" and spec.name in INCLUDED:
        return MODELS / f"{spec.name}.py", INCLUDED[spec.name]
    if module.endswith((".py", ".ipynb")):
        raise SignatureError(
            f"module: {module} does not name a class; add its name, as in {module}:LeNet"
        )
    names = [f"descent.models.{name}" for name in INCLUDED]
    close = difflib.get_close_matches(module, names, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise SignatureError(
        f"module: {module} is unknown; {hint}Allowed: {', '.join(names)}, or <file>.py:<Class>"
    )


def keywords(model):
    """Return what a module is given by the configuration."""
    return {key: value for key, value in model.items() if key not in _OTHER_KEYS}
