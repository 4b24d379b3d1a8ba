"""Other hyperparameters than the given ones, at which a rule is compared as well."""

#: Hyperparameters that torch's schedulers, and training loops, change while they run.
SCHEDULED = ("lr", "momentum", "betas", "weight_decay")

#: What is not varied: an iteration that other coefficients make diverge.
_NOT_VARIED = {"ns_coefficients"}

#: Options of an implementation, not of the rule.
_IMPLEMENTATION = {"foreach", "fused", "capturable", "differentiable"}

#: What an option needs beside it to have an effect.
_COMPANY = {
    "nesterov": {"momentum": 0.85},
    "dampening": {"momentum": 0.85},
    "centered": {"momentum": 0.85},
}


def can_be_halved(name, ours, theirs):
    """Tell whether a training loop can change a hyperparameter of both, numbers other than 0.

    Parameters
    ----------
    name : str
    ours, theirs : descent.parity.contender.Contender
    """
    for side in (ours, theirs):
        if name not in side.scheduled:
            return False
        value = side.values.get(name)
        numbers = value if isinstance(value, tuple | list) else [value]
        if not all(map(_is_number, numbers)) or not any(numbers):
            return False
    return True


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one, other):
    """Compare two values, of which one may be a tuple and the other a list."""
    one, other = (tuple(v) if isinstance(v, tuple | list) else v for v in (one, other))
    return one == other


def variations(ours, theirs, without=()):
    """List hyperparameters around the given ones, one varied at a time.

    Parameters
    ----------
    ours, theirs : descent.parity.contender.Contender
    without : tuple of str
        What is not switched on beside others, because the rule ignores it.

    Yields
    ------
    what : str
        The variation in words.
    settings : tuple of dict
        The changed hyperparameters of the rule and of the reference.
    """
    if can_be_halved("lr", ours, theirs):
        for factor in (10, 0.1):
            settings = tuple({"lr": factor * side.values["lr"]} for side in (ours, theirs))
            yield f"lr={_text(settings[0]['lr'])}", settings
    for name in _shared(ours, theirs):
        for value in _around(name, theirs.values[name]):
            changed = {name: value}
            company = _COMPANY.get(name, {})
            if not theirs.values[name] and name != "weight_decay":
                company = {**company, "weight_decay": 0.1}
            for companion in company.keys() - {*without}:
                needed = company[companion]
                if companion in _shared(ours, theirs) and not theirs.values[companion]:
                    changed[companion] = needed
            what = ", ".join(f"{key}={_text(item)}" for key, item in changed.items())
            yield what, (changed, changed)


def _shared(ours, theirs):
    """List the hyperparameters that both take, with the same value."""
    return [
        name
        for name, value in theirs.values.items()
        if name not in _IMPLEMENTATION and name in ours.values and _same(ours.values[name], value)
    ]


def not_exercised(ours, theirs, outcomes):
    """List what the trials did not cover, and why.

    Parameters
    ----------
    ours, theirs : descent.parity.contender.Contender
    outcomes : list of descent.parity.trials.Outcome

    Returns
    -------
    list of str
    """
    texts = [f"{outcome.trial} ({outcome.remark})" for outcome in outcomes if outcome.remark]
    missing = [name for name in theirs.values if name not in {*ours.values, *_IMPLEMENTATION}]
    if missing:
        texts.append(f"{', '.join(missing)} (the rule does not take this)")
    for name, other in theirs.values.items():
        if name in _IMPLEMENTATION or name not in ours.values:
            continue
        one = ours.values[name]
        if not _same(one, other):
            texts.append(f"other values of {name} (it is {one} here and {other} in the reference)")
        elif name != "lr" and not list(_around(name, other)):
            texts.append(f"other values of {name}")
        elif name in SCHEDULED and name not in ours.scheduled:
            texts.append(f"{name} changed half-way (it is not in the rule's param_groups)")
    return texts


def _around(name, value):
    """List other values of a hyperparameter."""
    if name in _NOT_VARIED:
        return []
    if value is None and name.startswith("eps"):  # of Adafactor
        return [1.0]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, tuple | list):
        return [
            tuple(varied if at == index else item for at, item in enumerate(value))
            for index in range(len(value))
            for varied in _around(f"{name}[]", value[index])
        ]
    if not _is_number(value):
        return []
    if name == "step_sizes[]":
        return [value / 1000, value * 1000]
    if isinstance(value, int) and value > 1:
        return [value + 1]
    if value == 0:
        return [0.85 if name == "momentum" else 0.1]
    if name == "lr":
        return [1.0] if value < 0.1 else []
    if name in ("eps", "eps[]"):
        return [0.01]
    if name == "beta2_decay":
        return [value / 2, value * 1.5]
    if name in ("betas[]", "momentum", "alpha", "rho"):
        return [value / 2, 1 - (1 - value) / 10]
    return [10.0] if value > 100 else [value / 10, value * 10]


def _text(value):
    if isinstance(value, tuple):
        return f"[{', '.join(_text(item) for item in value)}]"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
