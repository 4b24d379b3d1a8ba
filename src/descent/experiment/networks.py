"""The network in the configuration: layers, or a module of torch, which is found but not imported.

The Snakefile imports this module at every start, so it must stay light.
"""

from descent.errors import SignatureError
from descent.models.spec import GIVEN, MODELS, keywords, module_place
from descent.optimizers import signatures


def check_model(model):
    """Check what a schema cannot: that there is the module, and that it takes its keywords.

    Parameters
    ----------
    model : dict
        The network in the configuration, with `hidden` or `module`.

    Raises
    ------
    SignatureError
        The message begins with the key below `model`.
    """
    given = keywords(model)
    if "module" not in model:
        if "hidden" not in given:
            raise SignatureError("hidden: missing; give the widths of the hidden layers")
        for name in sorted(model.keys() - {"hidden"}):
            raise SignatureError(
                f"{name}: only a module takes this; without one, hidden is the only key. For the "
                "same layers as a module, write module: descent.models.mlp"
            )
        return
    file, name = module_place(model["module"])
    if file.parent != MODELS and (problem := signatures.problem_of(file)):
        raise SignatureError(f"module: {file}: {problem}")
    signature = signatures.signature_of_module(file, name)
    takes = [key for key in (*signature.required, *signature.defaults) if key not in GIVEN]
    for key in sorted(given.keys() - {*takes}):
        if not signature.takes_others:
            shown = ", ".join(takes) or "none"
            raise SignatureError(f"{key}: {model['module']} takes no {key}; it takes {shown}")
    for key in signature.required:
        if key not in GIVEN and key not in given:
            raise SignatureError(f"{key}: missing; {model['module']} needs {key}")
