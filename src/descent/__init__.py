"""Descent Lab checks whether an optimizer does what its reference does, and compares optimizers.

These are the public names; everything else is internal. Each is imported when it is first used, so
that `import descent` takes no time. No result depends on this module.
"""

import importlib

__version__ = "0.2.0"

#: Where each public name comes from.
_HOMES = {
    "check": "descent.public",
    "CheckReport": "descent.public",
    "Drawing": "descent.drawing",
    "draw": "descent.drawing",
    "DescentError": "descent.errors",
    "band": "descent.analysis.bands",
    "divergences": "descent.records",
    "loaders": "descent.data.prepare",
    "plot": "descent.reporting.figures.plot",
    "read_all_metadata": "descent.records",
    "read_metadata": "descent.records",
    "read_runs": "descent.records",
    "read_weights": "descent.records",
    "shadow": "descent.parity.shadow",
    "smooth": "descent.analysis.curves",
    "write_digits": "descent.data.prepare",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with importlib.import_module("descent.extras").naming_extras():
        home = importlib.import_module(_HOMES[name])
    value = globals()[name] = getattr(home, name)
    return value


def __dir__():
    return sorted({*globals(), *_HOMES})
