"""An optimizer with hyperparameters, ready to be bound to the parameters of one network."""

import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial, wraps
from typing import Any

import torch

from descent.optimizers import user_rules
from descent.optimizers.clipping import KINDS
from descent.optimizers.forms import recognise
from descent.optimizers.forms.outside import Outside
from descent.optimizers.groups import in_turn
from descent.optimizers.noise import drawing, streams
from descent.optimizers.objects import check_object, unwrap
from descent.optimizers.spec import parse
from descent.optimizers.step import Step, bind, defaults, find, finding_forms, is_elementwise
from descent.optimizers.variant import regulated
from descent.parity.arithmetic import default_dtype


@dataclass(frozen=True)
class Contender:
    """An optimizer with hyperparameters.

    Attributes
    ----------
    name : str
        What it is called; see `descent.optimizers.step.make_step`, unless it is an object.
    settings : dict
        The hyperparameters that are given.
    rule : callable
        The function or class.
    blame : callable
        Returns a context that turns exceptions into a RuleError.
    groups : tuple of dict
        Hyperparameters of each group of parameters, if there are several; the parameters are dealt
        out in turn.
    elementwise : bool
        Whether it may be called once on stacked tensors.
    transposed : bool
        Whether a matrix is handed over transposed, so that its memory is not contiguous.
    form : str
        How the rule is called, in words, if that is not as an included one.
    asked_form : str or None
        The key of the form, if it is not to be recognised.
    translated : list of str
        Which hyperparameters have other names in it, in words.
    anew : bool
        Whether a user's file is loaded anew for each network. It need not be if the rule keeps
        nothing outside its state.
    own_globals : bool
        Whether a function gets global variables of its own for each network.
    device : str
        Where it is tried, `cpu` or `cuda`.
    training : dict
        What else training does, see `descent.optimizers.variant`; holds for `bind`.
    iterations_per_epoch : int
        Of that training.
    clip : callable or None
        Clips gradients in place; holds for `make`.
    """

    name: str
    settings: dict
    rule: Callable
    blame: Any = field(default=contextlib.nullcontext, repr=False)
    groups: tuple = ()
    elementwise: bool = False
    transposed: bool = False
    form: str = ""
    asked_form: str | None = None
    translated: list = field(default_factory=list)
    anew: bool = False
    own_globals: bool = False
    device: str = "cpu"
    training: dict = field(default_factory=dict)
    iterations_per_epoch: int = 1
    clip: Callable | None = None

    @classmethod
    def load(cls, rule, settings, form=None):
        """Load an optimizer by its name, or take it as it is.

        Parameters
        ----------
        rule : str or object
            A name, see `descent.optimizers.step.make_step`; or a function, a class, an instance of
            torch.optim.Optimizer, whose hyperparameters are taken, or a functools.partial of these;
            or a contender, with other hyperparameters.
        settings : dict
        form : str, optional
            Key of `descent.optimizers.form_names.FORMS`; by default it is recognised.

        Raises
        ------
        RuleError
            If it is in a user's file that cannot be loaded.
        SignatureError
            If it is no optimizer, or does not take these hyperparameters.
        """
        if isinstance(rule, Contender):
            return rule.changed(settings)
        if not isinstance(rule, str):
            return cls._of_object(rule, settings, form)
        blame = user_rules.blame_for(rule)
        # a constant such as torch.tensor(0.9) in a file is then as exact as the number
        with blame(), default_dtype(torch.float64):
            found, elementwise = find(rule)
            contender = cls(rule, settings, found, blame, elementwise=elementwise)
            return contender._in_form(form) if contender.is_users else contender

    @classmethod
    def _of_object(cls, rule, settings, form):
        rule, own = unwrap(rule)
        settings = own | settings
        if getattr(torch.optim, rule.__name__, None) is rule:
            name, blame = f"torch.optim.{rule.__name__}", contextlib.nullcontext
        else:
            name, blame = rule.__name__, partial(user_rules.blaming_object, rule)
        module = sys.modules.get(rule.__module__)
        contender = cls(name, settings, rule, blame, elementwise=is_elementwise(rule, module))
        with blame():
            contender = contender._in_form(form)
        check_object(contender.rule, settings.keys())
        return contender

    def _in_form(self, form):
        """Return the same, adapted to the form of the project if it has another one."""
        adapted = recognise(self.rule, self.settings, form)
        if adapted is None:
            return self
        return replace(
            self,
            rule=adapted.rule,
            elementwise=False,
            form=adapted.words,
            asked_form=form,
            translated=adapted.translated,
        )

    @cached_property
    def values(self):
        """Every hyperparameter and its value: a given one, or a default."""
        return defaults(self.rule) | self.settings

    @property
    def is_class(self):
        """Whether it is a class, which gets gradients from its parameters."""
        return isinstance(self.rule, type)

    @cached_property
    def scheduled(self):
        """The names of those that a training loop can change: for a class, of its groups."""
        if not self.is_class:
            return set(self.values)
        with self.blame():
            return set(bind(self.rule, [torch.zeros(2, 2)], self.settings).hyperparameters()[0])

    def changed(self, settings):
        """Return the same optimizer with some other hyperparameters."""
        return replace(self, settings=self.settings | settings)

    @property
    def is_users(self):
        """Whether it is neither torch's nor an included one."""
        return self.blame is not contextlib.nullcontext

    @property
    def loads_anew(self):
        """Whether it can be loaded anew for each network: only from a user's file."""
        return parse(self.name).file is not None

    @property
    def is_users_function(self):
        """Whether it is a function that is neither torch's nor an included one."""
        return self.is_users and not self.is_class

    @property
    def may_keep_globals(self):
        """Whether it is a user's function that refers to containers or tensors of its file."""
        return self.is_users_function and Outside(self.rule).refers_to_containers

    def leaving_no_trace(self):
        """Return a context after which a function's global variables are as before."""
        return contextlib.nullcontext() if self.is_class else Outside(self.rule).of({}, {})

    def apart(self):
        """Return the same optimizer, of which networks share nothing outside its state."""
        return replace(self, anew=self.loads_anew, own_globals=self.is_users_function)

    def bind(self, parameters, only_matrices=None):
        """Bind the optimizer to a stack of networks; see `descent.optimizers.step.Step`."""
        with self.blame():
            step = Step(
                self.name,
                parameters,
                self.settings,
                groups=self.training.get("groups", ()),
                only_matrices=only_matrices,
                blame=self.blame,
                find=self.find,
                may_draw=self.is_users,
            )
        return regulated(step, self.training, self.iterations_per_epoch, self.name)

    def in_training(self, training, iterations_per_epoch):
        """Return the same optimizer in a training with schedule, clipping or groups."""
        clip = None
        for kind, limit in training.get("gradient_clipping", {}).items():
            clip = partial(KINDS[kind], limit=limit)
        return replace(
            self, training=training, iterations_per_epoch=iterations_per_epoch, clip=clip
        )

    @property
    def find(self):
        """What finds the rule for each network, see `descent.optimizers.step.find`."""
        if self.anew:
            return self._find_anew()
        if self.own_globals:
            return lambda _: (_with_own_globals(self.rule), self.elementwise)
        return lambda _: (self.rule, self.elementwise)

    def _find_anew(self):
        return finding_forms(self.settings, self.asked_form)

    def make(self, parameters):
        """Bind the optimizer to a stack of one network, whose tensors may have any shape."""
        with self.blame():
            return _OfOneNetwork(self, parameters)


def _with_own_globals(rule):
    outside, kept = Outside(rule), {}

    @wraps(rule)
    def own(*arguments, **hyperparameters):
        with outside.of(kept, {}):
            return rule(*arguments, **hyperparameters)

    return own


class _OfOneNetwork:
    """A step of one network; see `descent.optimizers.step.Step`.

    Hyperparameters that change are given as factors of what they were at the start, because the
    rule and its reference may have other values.
    """

    def __init__(self, contender, parameters):
        self._blame, self._clip = contender.blame, contender.clip
        self._values = contender.values
        self._transposed = contender.transposed
        own = [self._own_part(parameter.detach()) for parameter in parameters]
        rule = contender.find(contender.name)[0]
        self._noise = streams(1)[0] if contender.is_users else None
        self._own = bind(rule, own, contender.settings, in_turn(len(own), contender.groups))

    def _own_part(self, stacked):
        own = stacked[0]
        return own.mT if self._transposed and own.ndim == 2 else own

    def __call__(self, gradients, **changed):
        if self._clip:
            self._clip([gradient for gradient in gradients if gradient is not None])
        own = [None if gradient is None else self._own_part(gradient) for gradient in gradients]
        changed = {name: times(self._values[name], factor) for name, factor in changed.items()}
        with self._blame(), drawing(self._noise):
            self._own(own, **changed)

    def hyperparameters(self):
        return self._own.hyperparameters()


def times(value, factor):
    """Multiply a hyperparameter, which may be a pair of numbers."""
    if isinstance(value, tuple | list):
        return type(value)(item * factor for item in value)
    return value * factor
