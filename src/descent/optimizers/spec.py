"""What the name of an optimizer means; names are parsed only here.

There are four forms: `scratch.<rule>`, an included update rule; `torch.optim.<Class>`;
`<file>.py:<name>`, an update rule or class in a user's file; and `<package>.<module>:<name>`, one
in an installed package. The Snakefile imports this module at every start, so it must stay light.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

#: Keys of a variant that say what training does besides, see `descent.optimizers.variant`.
TRAINING_KEYS = ("lr_scheduler", "gradient_clipping", "groups")

#: Keys of a variant that are no hyperparameters of its optimizer.
OTHER_KEYS = ("optimizer", "reference", *TRAINING_KEYS)

#: The folder of the included update rules, one per file.
SCRATCH = Path(__file__).parent / "scratch"


@dataclass(frozen=True)
class Spec:
    """The parts of an optimizer's name.

    Attributes
    ----------
    kind : str
        `file`, `package`, `scratch`, or whatever precedes the last dot, such as `torch.optim`.
    name : str
        Name of the update rule or class.
    file : str or None
        Path of the user's file, if there is one.
    module : str or None
        Name of the module in an installed package, if there is one.
    """

    kind: str
    name: str
    file: str | None = None
    module: str | None = None


def parse(optimizer):
    """Parse the name of an optimizer, without checking whether it exists.

    Parameters
    ----------
    optimizer : str

    Returns
    -------
    Spec
    """
    place, _, name = optimizer.rpartition(":")
    if place == "torch.optim":
        return Spec(place, name)
    if _is_module(place):
        return Spec("package", name, module=place)
    if place:
        return Spec("file", name, file=place)
    kind, _, name = optimizer.rpartition(".")
    return Spec(kind, name)


def _is_module(place):
    """Tell whether a place is written like a module, and not like a path."""
    names = place.split(".")
    return all(map(str.isidentifier, names)) and names[-1] not in ("py", "ipynb")


def split_settings(settings):
    """Split a variant's settings into its optimizer and hyperparameters, without all other keys."""
    hyperparameters = {key: value for key, value in settings.items() if key not in OTHER_KEYS}
    return settings["optimizer"], hyperparameters


def split_training(settings):
    """Split settings into hyperparameters, and what they say about training besides."""
    training = {key: value for key, value in settings.items() if key in TRAINING_KEYS}
    return {key: settings[key] for key in settings if key not in training}, training


def source_file(optimizer):
    """Return the file of a hand-written update rule; None for a torch class."""
    spec = parse(optimizer)
    if spec.kind == "scratch":
        return SCRATCH / f"{spec.name}.py"
    return Path(spec.file) if spec.file else None


def may_draw(optimizer):
    """Tell whether an optimizer may draw random numbers: a user's or a package's."""
    return parse(optimizer).kind in ("file", "package")


def source_provenance(kind, name):
    """Return a dict with the SHA-256 of a user's file, `<kind>_sha256`; empty for other names."""
    file = parse(name).file
    return {f"{kind}_sha256": hashlib.sha256(Path(file).read_bytes()).hexdigest()} if file else {}
