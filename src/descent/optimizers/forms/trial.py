"""Try a way to call a rule on a tiny network, and find out what the rule returns."""

import contextlib
import os
import random
import warnings
from dataclasses import replace

import numpy as np
import torch

from descent.errors import NoStepError
from descent.optimizers.form_names import ALIASES, PAIRS, plain, role
from descent.optimizers.forms import containers
from descent.optimizers.forms.way import Returned
from descent.optimizers.loading import put_back

#: Iterations of a trial: some rules accumulate gradients for a few before they update.
ITERATIONS = 10

#: No size is 2 or 3, so that no tensor can be unpacked like a pair of states.
_SHAPES = [(5, 4), (5,), (7, 5), (7,)]

#: The same with one layer more.
DEEPER = [*_SHAPES, (6, 7), (6,)]

_TINY = 1e-30

#: How well a way worked: every number moved; some did; they are no longer finite.
ALL, SOME, NOT_FINITE = 3, 2, 1


@contextlib.contextmanager
def quiet():
    """Let a user's function print, warn and draw random numbers without effect."""
    drawn = random.getstate(), np.random.get_state()
    with (
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        torch.random.fork_rng(devices=[]),
        torch.no_grad(),
    ):
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            random.setstate(drawn[0])
            np.random.set_state(drawn[1])


def network(shapes=_SHAPES):
    """Return the parameters of a tiny network, and a function that draws gradients."""
    generator = torch.Generator().manual_seed(0)

    def draw():
        return [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes]

    return draw(), draw


def walk(rule, hyperparameters, shapes=_SHAPES):
    """Take a few steps from the same start with the same gradients.

    Returns
    -------
    before, after : list of torch.Tensor
        The parameters.
    returned : object
        What the rule returns in the end.
    """
    parameters, draw = network(shapes)
    before, state, returned = [tensor.clone() for tensor in parameters], {}, None
    for _ in range(ITERATIONS):
        with put_back():
            returned = rule(parameters, draw(), state, **hyperparameters)
    return before, parameters, returned


def grade(before, after):
    """Say how well steps worked; 0 if nothing moved."""
    moved = [one != other for one, other in zip(before, after, strict=True)]
    if not any(tensor.any() for tensor in moved):
        return 0
    if not all(tensor.isfinite().all() for tensor in after):
        return NOT_FINITE
    return ALL if all(tensor.all() for tensor in moved) else SOME


def complete(way, given):
    """Find out what a rule returns.

    Parameters
    ----------
    way : descent.optimizers.forms.way.Way
    given : dict
        The hyperparameters.

    Returns
    -------
    Way

    Raises
    ------
    Exception
        Whatever the user's function raises when it is called this way.
    """
    if getattr(way.source, "has_get", False):
        return way
    way = replace(way, returned=Returned())
    parameters, draw = network()
    before, state = [tensor.clone() for tensor in parameters], {}
    result = way.results(parameters, draw(), state, given)[0]
    if result is None:
        for _ in range(ITERATIONS - 1):  # a velocity of 0 may move nothing at first
            way.results(parameters, draw(), state, given)
    in_place = any(not torch.equal(*pair) for pair in zip(before, parameters, strict=True))
    unit = state["units"][0]
    tensors = before[:1] if way.container == "single" else before
    parts = way.elements(result, tensors)
    like = [i for i, part in enumerate(parts) if containers.fits(way.container, part, tensors)]
    place, is_update = _place(way, given, like, in_place) if like else (None, False)
    if place is None and not in_place:
        raise NoStepError("it neither changes the parameters nor returns new ones")
    rest = [i for i in range(len(parts)) if i != place]
    config = None
    if "config" in way.source.roles:
        config = next((i for i in rest if isinstance(parts[i], dict)), None)
    names = list(unit["states"])
    rest = [i for i in rest if i != config][: len(names)]
    # anything else that it returns is of no concern, such as a norm
    follow = len(rest) == len(names) and all(
        _may_follow(unit["states"][name], parts[i]) for name, i in zip(names, rest, strict=True)
    )
    states = dict(zip(names, rest, strict=True)) if follow else {}
    return replace(way, returned=Returned(place, is_update, states, config))


def _may_follow(state, new):
    """Tell whether something may be the next state."""
    if state is None or isinstance(state, int | float) or not len(state):
        return True
    one, other = containers.values(state), containers.values(new)
    if one is not None:
        return other is not None and one.shape == other.shape
    kinds = (dict, list | tuple)
    return any(isinstance(state, kind) and isinstance(new, kind) for kind in kinds)


def _place(way, given, like, in_place):
    """Find the new parameters among the parts of a result, and whether they are a change only.

    At a tiny learning rate, parameters stay as they are, and changes are nearly 0.
    """
    if not way.source.made_from and "parameters" not in way.source.roles:
        return like[0], True  # it does not know the parameters
    rate = next((name for name, own in way.translation.names.items() if _is_rate(name, own)), None)
    if rate is None:
        return (None if in_place else like[0]), False
    parameters, draw = network()
    tensors = [tensor.clone() for tensor in parameters]
    result = way.results(parameters, draw(), {}, given | {rate: _TINY})[0]
    tensors = tensors[:1] if way.container == "single" else tensors
    parts = way.elements(result, tensors)
    for i in like:
        if _distance(way, parts[i], tensors) < 1e-12:
            return i, False
    if in_place:
        return None, False
    nothing = [torch.zeros_like(tensor) for tensor in tensors]
    return like[0], _distance(way, parts[like[0]], nothing) < 1e-20


def _is_rate(name, own):
    return "lr" in (name, own) or plain(str(own)) in ALIASES["lr"]


def _distance(way, part, tensors):
    """Return the largest difference between the numbers in a container and those of tensors."""
    items = containers.read(way.container, part, len(tensors))
    return max(
        float(np.abs(np.asarray(containers.values(each)) - tensor.numpy()).max())
        for each, tensor in zip(items, tensors, strict=True)
    )


class Asked(dict):
    """A config that notes what it is asked for."""

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = {}

    def __bool__(self):
        return True  # so that `config or {}` does not put another one in its place

    def __getitem__(self, key):
        self.asked.setdefault(key, None)
        return super().__getitem__(key)

    def __contains__(self, key):
        self.asked.setdefault(key, None)
        return super().__contains__(key)

    def get(self, key, default=None):
        """Return an entry."""
        self.asked[key] = default
        return super().get(key, default)

    def setdefault(self, key, default=None):
        """Return an entry, or set it."""
        self.asked[key] = default
        return super().setdefault(key, default)

    def __copy__(self):
        return self  # so that it sees what every copy is asked for


def ask(call):
    """Find out which entries a rule wants to find in its config.

    Parameters
    ----------
    call : callable
        `call(config)` takes one step with a config; it may raise an exception.

    Returns
    -------
    asked : dict
        Maps the names of all entries that the rule asks for to their defaults, or None.
    needed : list of str
        Those without which it cannot go on.
    failed : Exception or None
        What it raises in the end.
    """
    seen, needed, failed = {}, {}, None
    for _ in range(30):
        config, failed = Asked(needed), None
        try:
            call(config)
        except Exception as error:  # a user's function may raise anything
            failed = error
        seen = config.asked | {key: value for key, value in seen.items() if value is not None}
        missing = failed.args[0] if isinstance(failed, KeyError) and failed.args else None
        if not isinstance(missing, str) or missing in needed or missing not in config.asked:
            break
        needed[missing] = _guess(missing)
    return seen, list(needed), failed


def _guess(name):
    """Return a value with which a rule can go on, only to see what else it asks for."""
    if role(name) in ("counter", "batch"):
        return 1
    return (0.5, 0.5) if plain(name) in PAIRS else 0.5
