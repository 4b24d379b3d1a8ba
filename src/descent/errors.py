"""Every error that a user can cause.

All of them derive from `DescentError`, so that one `except` catches every error that the user can
fix and lets bugs in this library through. Each also derives from the built-in exception that fits.
A message is one line (one line per problem where there are several) that names the file or key,
says what is wrong and what to do.
"""

import difflib


def did_you_mean(name: str, known: list[str]) -> str:
    """Return the end of a message that proposes the known name nearest to a given one.

    Parameters
    ----------
    name : str
    known : list of str

    Returns
    -------
    str
        Empty if none is near.
    """
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def missing_packages(distributions: dict[str, str]) -> str:
    """Say that packages are not installed, and how to install all of them.

    Parameters
    ----------
    distributions : dict
        Maps each package, as it is imported, to the name under which it is installed.

    Returns
    -------
    str
    """
    *first, last = distributions
    names = f"{', '.join(first)} and {last} are" if first else f"{last} is"
    return f"{names} not installed; run: pip install {' '.join(distributions.values())}"


class DescentError(Exception):
    """Some user input cannot be used.

    Examples
    --------
    >>> import descent
    >>> try:
    ...     descent.check("scratch.sdg", "torch.optim.SGD", lr=0.1)
    ... except descent.DescentError as error:
    ...     print(str(error).partition(";")[0])
    optimizer: scratch.sdg is unknown
    """


class UsageError(DescentError, ValueError):
    """A command or function cannot be run with these arguments."""


class ConfigurationError(DescentError, ValueError):
    """A key or value of the configuration is wrong; one line for each."""


class SweepError(ConfigurationError):
    """A sweep cannot be laid out; the message begins with the key."""


class SignatureError(DescentError, ValueError):
    """The optimizer or a hyperparameter does not exist; the message begins with the key."""


class MissingPackageError(SignatureError):
    """The package of an optimizer is not installed.

    Attributes
    ----------
    package : str
        As it is imported.
    distribution : str
        As it is installed.
    """

    def __init__(self, package: str, distribution: str) -> None:
        super().__init__(f"optimizer: {missing_packages({package: distribution})}")
        self.package = package
        self.distribution = distribution


class NoOptimizerError(SignatureError):
    """A function or class has not what an optimizer has."""


class RuleError(DescentError):
    """A user's update rule is wrong; the message begins with its file and, if known, the line."""


class NoStepError(RuleError):
    """No parameter changes."""


class HyperparameterError(RuleError):
    """The rule does not take the hyperparameters that are given."""


class ForbiddenByTorchError(RuleError):
    """The rule changes leaves while their gradients are tracked."""


class UnusableReferenceError(DescentError, ValueError):
    """The reference of a check cannot be run with these hyperparameters."""


class DataError(DescentError, ValueError):
    """A data file is not what it should be; the message names the file."""


class SourceError(DescentError, RuntimeError):
    """A source does not have the file, or has a wrong one."""


class RecordError(DescentError, ValueError):
    """The recorded files do not hold the runs that are configured."""


class DamagedFileError(RecordError):
    """A recorded file is not what was written; the message names the file."""


class SelectionError(DescentError, ValueError):
    """No combination of a sweep can be selected."""


class DeviceError(DescentError, RuntimeError):
    """The device to compute on is not there, or its memory does not suffice."""


class NotWritableError(DescentError, OSError):
    """A folder cannot be written to."""


class DifferentStepError(DescentError, AssertionError):
    """A step of a training loop is not the step of its reference."""


class MissingExtraError(DescentError, ImportError):
    """A package is missing that an extra of this one installs."""
