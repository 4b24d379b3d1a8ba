"""A reference that steps on its own copies of somebody else's parameters."""

import contextlib
import copy
import inspect

import torch

from descent.errors import DescentError, UnusableReferenceError, UsageError
from descent.optimizers.signatures import check_hyperparameters
from descent.optimizers.step import begin_training
from descent.parity.arithmetic import disturb
from descent.parity.contender import Contender

#: Of the ways in which torch's classes compute a step, the reference takes the plain one.
PLAIN = {"foreach": False, "fused": False, "capturable": False, "differentiable": False}


def load(against, settings):
    """Load a reference.

    Parameters
    ----------
    against : str or object
        See `descent.parity.contender.Contender.load`.
    settings : dict
        Hyperparameters.

    Returns
    -------
    descent.parity.contender.Contender

    Raises
    ------
    descent.errors.DescentError
        If there is no such reference, or it does not take these hyperparameters.
    """
    if isinstance(against, str):
        check_hyperparameters(against, settings.keys())
    contender = Contender.load(against, settings)
    rule = contender.rule
    if contender.is_class:
        plain = {name: value for name, value in PLAIN.items() if name in takes(rule)}
        return contender.changed(plain | contender.settings)
    return contender


def takes(rule):
    """Return the names of the arguments of a class, including those it hands on, or a function."""
    parameters = inspect.signature(rule).parameters
    names = set(parameters)
    if isinstance(rule, type) and any(
        each.kind is each.VAR_KEYWORD for each in parameters.values()
    ):
        for base in rule.__mro__[1:-1]:
            names |= inspect.signature(base).parameters.keys()
    return names


class Reference:
    """A reference with copies of parameters.

    Parameters
    ----------
    contender : descent.parity.contender.Contender
    groups : list of list of torch.Tensor
        The parameters to copy.
    settings : list of dict
        The hyperparameters of each group at the start.

    Attributes
    ----------
    leaves_gradients : bool
        Whether it surely neither changes nor keeps the gradients that it is given.
    """

    def __init__(self, contender, groups, settings):
        self._contender = contender
        self.leaves_gradients = contender.rule.__module__.startswith("torch.optim.")
        self.groups = [[_own(tensor) for tensor in group] for group in groups]
        self._states = [{} for _ in groups]
        self._has_gradient = None
        self._optimizer = None
        if contender.is_class:
            with self._blaming():
                self._optimizer = contender.rule(
                    [
                        {"params": group, **own}
                        for group, own in zip(self.groups, settings, strict=True)
                    ],
                    **settings[0],  # a class may have arguments without a default
                )
                begin_training(self._optimizer)

    @property
    def values(self):
        """The parameters, of all groups."""
        return [tensor.detach() for group in self.groups for tensor in group]

    def step(self, gradients, settings, arithmetic=None):
        """Take a step.

        Parameters
        ----------
        gradients : list of torch.Tensor
            Of the parameters of all groups; may be changed, and None.
        settings : list of dict
            The hyperparameters of each group in this step.
        arithmetic : descent.parity.arithmetic.Disturbed, optional
        """
        take = self._step_of_class if self._optimizer else self._step_of_rule
        has_gradient = [gradient is not None for gradient in gradients]
        if take == self._step_of_rule and self._has_gradient not in (None, has_gradient):
            raise UsageError(
                f"against: other parameters have a gradient now than at first, which "
                f"{self._contender.name} cannot handle; take a class of torch.optim"
            )
        self._has_gradient = has_gradient
        with self._blaming():
            take(gradients, settings, arithmetic)

    def _step_of_class(self, gradients, settings, arithmetic):
        for group, own in zip(self._optimizer.param_groups, settings, strict=True):
            group.update(own)
            if arithmetic:
                group.update(_disturbed(group, arithmetic))
        flat = [tensor for group in self.groups for tensor in group]
        for tensor, gradient in zip(flat, gradients, strict=True):
            tensor.grad = gradient
        with arithmetic or contextlib.nullcontext():
            self._optimizer.step()
        for tensor in flat:
            tensor.grad = None

    def _step_of_rule(self, gradients, settings, arithmetic):
        """Call the rule once for every group, with the parameters that have a gradient."""
        left = iter(gradients)
        for group, state, own in zip(self.groups, self._states, settings, strict=True):
            pairs = [(tensor, next(left)) for tensor in group]
            pairs = [pair for pair in pairs if pair[1] is not None]
            if not pairs:
                continue
            own = _disturbed(own, arithmetic) if arithmetic else own
            with torch.no_grad(), arithmetic or contextlib.nullcontext():
                self._contender.rule(*map(list, zip(*pairs, strict=True)), state, **own)

    @contextlib.contextmanager
    def _blaming(self):
        try:
            with self._contender.blame():
                yield
        except DescentError:
            raise
        except Exception as error:  # any package's class, or a user's function, may raise anything
            said = " ".join(f"{type(error).__name__}: {error}".split())
            raise UnusableReferenceError(f"against: {self._contender.name}: {said}") from error

    def resume(self, optimizer):
        """Start from what an optimizer of the same class remembers."""
        # copied first: torch's load_state_dict may keep the very tensors
        self._optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))

    @torch.no_grad()
    def adopt(self, values):
        """Take over the values of parameters; None for those that stay as they are."""
        for own, value in zip(self.values, values, strict=True):
            if value is not None:
                own.copy_(value)

    def copy(self):
        """Return a reference that goes on in the same way, on its own."""
        twin, memo = copy.copy(self), {}
        if self._optimizer:
            # an optimizer's own deepcopy forgets the attributes of subclasses
            optimizer = object.__new__(type(self._optimizer))
            memo[id(self._optimizer)] = optimizer
            twin.groups = copy.deepcopy(self.groups, memo)
            vars(optimizer).update(copy.deepcopy(vars(self._optimizer), memo))
            twin._optimizer = optimizer
        else:
            twin.groups, twin._states = copy.deepcopy((self.groups, self._states), memo)
        return twin

    def move_to_cpu(self):
        """Move parameters and state to the CPU."""
        for group in self.groups:
            for tensor in group:
                tensor.data = tensor.data.cpu()
        _move_to_cpu(self._optimizer.state if self._optimizer else self._states)


def _own(tensor):
    own = tensor.detach().clone()
    vars(own).update(vars(tensor))  # some optimizers read attributes of parameters
    return own.requires_grad_()


def _disturbed(settings, arithmetic):
    return {
        name: disturb(value, arithmetic) for name, value in settings.items() if name != "params"
    }


def _move_to_cpu(container):
    items = enumerate(container) if isinstance(container, list) else list(container.items())
    for key, value in items:
        if isinstance(value, torch.Tensor):
            container[key] = value.cpu()
        elif isinstance(value, dict | list):
            _move_to_cpu(value)
