"""What a class was asked to write: the file of an assignment, checked key by key."""

from dataclasses import dataclass, field, fields
from pathlib import Path

import yaml

from descent.errors import SignatureError, UsageError
from descent.grading.limits import Limits
from descent.optimizers.form_names import FORMS
from descent.optimizers.given import read_number
from descent.optimizers.signatures import check_hyperparameters, check_values
from descent.optimizers.spec import parse
from descent.parity import ITERATIONS

#: What feedback says of a wrong submission: its mistake, or only where the difference begins.
MISTAKE, PLACE = "mistake", "place"

_KEYS = {"rule", "against", "settings", "constant", "iterations", "feedback", "form", "limits"}
_OF_SETTING = {"name", "points", "set", "set_rule", "set_reference"}


@dataclass(frozen=True)
class Setting:
    """Hyperparameters to grade at: a column of the grades.

    Attributes
    ----------
    name : str
    points : float
        For a rule that is right.
    ours, theirs : dict
        The hyperparameters of a submission, and of the references.
    """

    name: str
    points: float
    ours: dict
    theirs: dict


@dataclass(frozen=True)
class Assignment:
    """What a class was asked to write.

    Attributes
    ----------
    rule : str
        The name to look for in every submission.
    against : tuple of str
        Accepted references: a submission that is the same rule as one of them is right.
    settings : tuple of Setting
    constant : bool
        Whether a rule is right that is the same only while hyperparameters stay constant.
    iterations : int
    feedback : str
        `mistake` or `place`.
    form : str or None
        See `descent.optimizers.form_names.FORMS`.
    limits : descent.grading.limits.Limits
    """

    rule: str
    against: tuple
    settings: tuple
    constant: bool = False
    iterations: int = ITERATIONS
    feedback: str = MISTAKE
    form: str | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def points(self):
        """The points of a submission that is right at every setting."""
        return sum(setting.points for setting in self.settings)


def read(file):
    """Read the file of an assignment.

    Parameters
    ----------
    file : str or pathlib.Path
        YAML. A reference in a file is named relative to its folder.

    Returns
    -------
    Assignment

    Raises
    ------
    UsageError
        If it cannot be read, or a key or a value is wrong.
    """
    try:
        content = yaml.safe_load(Path(file).read_text())
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1} " if mark else ""
        raise UsageError(f"{file}: {where}is not valid YAML") from None
    try:
        return from_dict(content, Path(file).parent)
    except (UsageError, SignatureError) as error:
        raise UsageError(f"{file}: {str(error).removeprefix('optimizer: ')}") from None


def from_dict(content, folder=Path()):
    """Make an assignment of the content of its file, see `read`."""
    _check_keys(content, _KEYS, "")
    for key in ("rule", "against", "settings"):
        if key not in content:
            raise UsageError(f"{key} is missing")
    rule = content["rule"]
    if not isinstance(rule, str) or not rule.isidentifier():
        raise UsageError("rule: must be the name of a function or class, such as momentum")
    against = content["against"]
    against = against if isinstance(against, list) else [against]
    if not against or not all(isinstance(each, str) for each in against):
        raise UsageError("against: must be a reference, such as torch.optim.SGD, or a list of them")
    against = tuple(_relative_to(folder, each) for each in against)
    settings = content["settings"]
    if not isinstance(settings, list) or not settings:
        raise UsageError("settings: must be a list, such as [{set: {lr: 0.01}}]")
    settings = tuple(_setting(each, place) for place, each in enumerate(settings, 1))
    if len({setting.name for setting in settings}) < len(settings):
        raise UsageError("settings: two have the same name; give each its own")
    for setting in settings:
        for reference in against:
            check_hyperparameters(reference, setting.theirs.keys())
            check_values(reference, setting.theirs)
    return Assignment(
        rule,
        against,
        settings,
        constant=_one_of(content, "constant", False, (True, False)),
        iterations=_number(content, "iterations", ITERATIONS, whole=True),
        feedback=_one_of(content, "feedback", MISTAKE, (MISTAKE, PLACE)),
        form=_one_of(content, "form", None, (None, *FORMS)),
        limits=_limits(content.get("limits", {})),
    )


def _relative_to(folder, reference):
    # absolute, so that no message about a submission can begin like one about the reference
    file = parse(reference).file
    if file is None or Path(file).is_absolute():
        return reference
    return f"{(folder / file).absolute()}:{parse(reference).name}"


def _check_keys(content, known, where):
    at = where or "the assignment"
    if not isinstance(content, dict):
        raise UsageError(f"{at}: must be keys with values; the keys are {', '.join(sorted(known))}")
    for key in content:
        if key not in known:
            at = f"{where}.{key}" if where else key
            raise UsageError(f"{at}: unknown; the keys are {', '.join(sorted(known))}")


def _setting(content, place):
    where = f"settings[{place}]"
    _check_keys(content, _OF_SETTING, where)
    parts = {}
    for key in ("set", "set_rule", "set_reference"):
        values = content.get(key, {})
        if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
            raise UsageError(f"{where}.{key}: must be hyperparameters, such as {{lr: 0.01}}")
        parts[key] = {name: read_number(value) for name, value in values.items()}
    points = _number(content, "points", 1, where=f"{where}.")
    name = str(content.get("name") or _name_of(parts["set"] | parts["set_rule"]) or where)
    return Setting(
        name, points, parts["set"] | parts["set_rule"], parts["set"] | parts["set_reference"]
    )


def _name_of(settings):
    return ", ".join(f"{key}={value}" for key, value in settings.items())


def _limits(content):
    defaults = {each.name: each.default for each in fields(Limits)}
    _check_keys(content, set(defaults), "limits")
    return Limits(
        **{
            key: _number(content, key, default, where="limits.", whole="seconds" not in key)
            for key, default in defaults.items()
        }
    )


def _number(content, key, default, where="", whole=False):
    value = content.get(key, default)
    kinds = int if whole else int | float
    if isinstance(value, bool) or not isinstance(value, kinds) or not 0 < value < 1e9:
        kind = "a whole number" if whole else "a number"
        raise UsageError(f"{where}{key}: must be {kind} above 0, such as {default}")
    return value


def _one_of(content, key, default, allowed):
    value = content.get(key, default)
    if (type(value), value) not in [(type(each), each) for each in allowed]:  # 1 is no true
        words = ", ".join(str(each).lower() for each in allowed if each is not None)
        raise UsageError(f"{key}: must be one of {words}")
    return value
