"""`descent translate`: the call of one optimizer that takes the steps of another one."""

import json
from dataclasses import dataclass, field

from descent.counterparts.matching import BESIDE, is_off, match
from descent.errors import DescentError, SignatureError
from descent.optimizers.signatures import check_hyperparameters
from descent.parity.check import check
from descent.parity.contender import Contender
from descent.parity.report import Report
from descent.parity.verdict import CONSTANT, DIFFERENT, VERDICTS

#: Settings to try beyond those of the source, in this order, by the name of the target.
_SWITCHES = {
    "optax:adagrad": [
        {"initial_accumulator_value": 0.0},
        {"initial_accumulator_value": 0.0, "eps": 0.0},
    ],
    "keras.optimizers:Adagrad": [{"initial_accumulator_value": 0.0}],
    "torch.optim.NAdam": [{"momentum_decay": 1e9}, {"momentum_decay": 1.0}],
}

#: Options of an optimizer that are switched on or off to see whether it is then the same.
_OPTIONS = {
    *("nesterov", "eps_in_sqrt", "bias_correction", "weight_decouple", "decoupled_weight_decay"),
    *("fixed_decay", "degenerated_to_sgd", "rectify", "adam", "multiply_by_parameter_scale"),
    *("corrected_weight_decay", "stable_weight_decay", "decouple_lr", "decouple_wd", "no_prox"),
    *("adanorm", "pre_norm", "scale_parameter", "relative_step", "warmup_init"),
    *("grad_averaging", "trust_clip", "always_adapt", "debias", "init_zero", "use_gc"),
}

#: Where optimizers of one name most often differ: a value with which the difference is gone.
_PLACES = {
    "eps": (1e-30, "the place of epsilon"),
    "weight_decay": (0.0, "how weights decay"),
    "momentum": (0.0, "the momentum"),
}


@dataclass(frozen=True)
class Translation:
    """A call that takes the same steps, or the closest one that was found.

    Attributes
    ----------
    optimizer, to : str
        Names of the two optimizers.
    call : str
        The call of the second.
    settings : dict
        Its hyperparameters, as in a configuration.
    report : descent.parity.report.Report
        The check of the second against the first.
    lost : dict
        Hyperparameters of the first that are in use and have no counterpart.
    apart_by : list of str
        What the two differ by, in words.
    """

    optimizer: str
    to: str
    call: str
    settings: dict
    report: Report
    lost: dict = field(default_factory=dict)
    apart_by: list = field(default_factory=list)

    @property
    def verdict(self):
        """The verdict of the check."""
        return self.report.verdict

    def __bool__(self):
        return self.verdict not in (CONSTANT, DIFFERENT)

    def __str__(self):
        lines = [self.call] if self.verdict != DIFFERENT else []
        if lines:
            lines.append(
                f"in a configuration: {json.dumps({'optimizer': self.to, **self.settings})}"
            )
        else:
            lines += [f"no settings of {self.to} were found that take these steps"]
            lines += [f"the closest call is {self.call}"]
        lines += [f"{name}: {self.to} has nothing like it" for name in self.lost]
        lines += [f"they differ by {text}" for text in self.apart_by]
        return "\n".join([*lines, "", str(self.report)])


def translate(optimizer, to, settings):
    """Find the settings with which one optimizer takes the steps of another, and confirm them.

    Hyperparameters are matched by their names, and by other names of the same thing. Where that
    does not give the same steps, options of the second are switched. What is found was checked like
    any update rule; see `descent.parity.check`.

    Parameters
    ----------
    optimizer, to : str
        Names of optimizers, see `descent.optimizers.spec.parse`.
    settings : dict
        Hyperparameters of the first; the others are its defaults.

    Returns
    -------
    Translation

    Raises
    ------
    descent.errors.DescentError
        If there is no such optimizer, or it does not take its hyperparameters.
    """
    check_hyperparameters(optimizer, settings.keys())
    target = _load(to, settings)
    given = Contender.load(optimizer, settings).values
    pairs = match([*given], [*target.values])
    shared, carried = {}, {}
    for own, theirs, name in pairs:
        if own not in BESIDE and not (is_off(given[own]) and is_off(target.values[theirs])):
            shared[own], carried[name] = name, given[own]
    carried = dict(sorted(carried.items(), key=lambda item: item[0] != "lr"))  # as people write it
    source = {
        shared.get(name, name): value
        for name, value in given.items()
        if name in shared or name in settings  # all others are at their defaults
    }
    pair = _Pair(optimizer, to, source)
    report, chosen = pair.best(carried, _switches(to, target.values))
    known = {own for own, _, _ in pairs} | BESIDE
    return Translation(
        optimizer,
        to,
        _call(to, chosen),
        {name: _plain(value) for name, value in chosen.items()},
        report,
        {name: value for name, value in given.items() if name not in known and not is_off(value)},
        pair.apart_by(chosen) if report.verdict == DIFFERENT else [],
    )


def _load(optimizer, like):
    """Load an optimizer with a learning rate, if it takes one: some need it."""
    rate = next((like[name] for name in ("lr", "learning_rate") if name in like), 0.01)
    given = {"lr": rate if isinstance(rate, float) else 0.01}
    try:
        check_hyperparameters(optimizer, given.keys())
    except SignatureError:
        given = {}
        check_hyperparameters(optimizer, given.keys())
    return Contender.load(optimizer, given)


class _Pair:
    """An optimizer at its settings, and another one whose settings are sought."""

    def __init__(self, optimizer, to, source):
        self._optimizer, self._to, self._source = optimizer, to, source

    def best(self, carried, switches):
        """Return the best check, and the settings that it was made with."""
        best = self._check(carried), carried
        for switched in switches:
            if _rank(best[0]) < VERDICTS.index(CONSTANT):
                break
            settings = carried | switched
            try:
                report = self._check(settings)
            except DescentError:  # it does not take these
                continue
            if _rank(report) < _rank(best[0]):
                best = report, settings
        return best

    def apart_by(self, chosen):
        """Name what the two differ by: what makes them equal if it is gone in both."""
        found = []
        for name, (value, words) in _PLACES.items():
            if name not in chosen or chosen[name] == value:
                continue
            gone = {name: value}
            try:
                report = check(
                    self._to, self._optimizer, chosen | gone, self._source | gone, constant=True
                )
            except DescentError:
                continue
            if report.verdict != DIFFERENT:
                found.append(f"{words}: with {name}={value:g} in both, they are the same rule")
        return found

    def _check(self, settings):
        return check(self._to, self._optimizer, settings, self._source)


def _rank(report):
    return VERDICTS.index(report.verdict)


def _switches(to, values):
    """List settings of the target to try beyond those of the source."""
    options = [
        {name: not value}
        for name, value in values.items()
        if name in _OPTIONS and isinstance(value, bool)
    ]
    return [*_SWITCHES.get(to, []), *options]


def _call(optimizer, settings):
    """Write a call with the optimizer's own names."""
    translation = getattr(Contender.load(optimizer, settings).rule, "translation", None)
    own = translation.own(settings) if translation else settings
    arguments = [f"{name}={_plain(value)!r}" for name, value in own.items()]
    leading = [] if translation else ["params"]  # another framework gets them later
    return f"{optimizer.replace(':', '.')}({', '.join([*leading, *arguments])})"


def _plain(value):
    return list(value) if isinstance(value, tuple) else value
