"""The form of a hand-written update rule, and one way to call any optimizer.

The rule `name` is the function of that name in `name.py`, or in a user's file:

    def rule(parameters, gradients, state, *, <hyperparameters>): ...

It updates the parameters in place and is called under `torch.no_grad()`. Parameters and gradients
are lists of tensors; the gradients are fresh and may be kept. `state` is a dict that starts empty
and lives as long as the run.

A rule is written for one network. In the lab's, weights are (outputs, inputs) and biases are
(outputs,). It is called for each seed with that seed's tensors and its own state. A file that sets
`ELEMENTWISE = True` promises that its rules treat every element of a tensor independently. They are
then called once for all seeds, which is faster, with tensors whose first dimension is the seed.
"""

import contextlib
import copy
import importlib
import inspect
from functools import partial

import torch

from descent import model
from descent.errors import RuleError
from descent.optimizers import user_rules
from descent.optimizers.adapters.foreign import Foreign
from descent.optimizers.forms import recognise
from descent.optimizers.groups import deal
from descent.optimizers.loading import import_installed, load
from descent.optimizers.noise import drawing, streams
from descent.optimizers.spec import parse
from descent.process import importing

#: Classes of torch.optim that treat every element of a tensor independently.
ELEMENTWISE_CLASSES = {
    *("ASGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax"),
    *("NAdam", "RAdam", "RMSprop", "Rprop", "SGD"),
}


def make_step(optimizer, parameters, hyperparameters, groups=(), names=None, noise=None):
    """Bind an optimizer to parameters; a user's is tried out first, see `user_rules.try_out`.

    Parameters
    ----------
    optimizer : str
        `scratch.<rule>`, `torch.optim.<Class>`, or `<file>:<rule>` with the user's own update rule
        or subclass of `torch.optim.Optimizer`, or `<package>:<rule or class>`.
    parameters : list of torch.Tensor
        Stacked over seeds, see `descent.model.initialize`; updated in place by every step.
    hyperparameters : dict
        Keyword arguments of the rule or class.
    groups : list of dict, optional
        Other hyperparameters for some of the parameters, see `descent.optimizers.groups`.
    names : list of str, optional
        Names of the parameters, by which groups choose; W0, b0, W1, ... if left out.
    noise : list of torch.Generator, optional
        For each seed, what torch's random numbers come from in the steps of a user's or a package's
        optimizer; they are changed.

    Returns
    -------
    Step

    Raises
    ------
    descent.errors.RuleError
        If the user's rule is wrong; steps raise it as well.
    """
    bound = partial(Step, optimizer, hyperparameters=hyperparameters, groups=groups, names=names)
    blame = user_rules.blame_for(optimizer)
    if blame is contextlib.nullcontext:
        return bound(parameters)
    bound = partial(bound, find=finding_forms(hyperparameters), may_draw=True)
    if hyperparameters.get("lr") != 0:
        with blame():  # which refuses what its steps change for all
            user_rules.try_out(bound, parameters)
    with blame():
        return bound(parameters, blame=blame, noise=noise)


def find(optimizer):
    """Return a rule or class, and whether it may be called once on stacked tensors."""
    spec = parse(optimizer)
    if spec.file:
        module = load(spec.file, spec.name)
    elif spec.module:
        module = import_installed(spec.module)
    elif spec.kind == "scratch":
        module = importlib.import_module(f"descent.optimizers.scratch.{spec.name}")
    else:
        module = torch.optim
    rule = getattr(module, spec.name)
    if not callable(rule):
        raise RuleError(f"{optimizer} is no optimizer: its type is {type(rule).__name__}")
    return rule, is_elementwise(rule, module)


def finding_forms(hyperparameters, form=None):
    """Make a `find` that adapts rules of another form, see `descent.optimizers.forms`.

    A rule is tried at the first call only, if it has no other form. So what it may keep of the
    trial outside its state is not in the rules of later calls, which `Step` binds.
    """
    canonical, foreign = set(), {}

    def find_in_form(optimizer):
        if optimizer in foreign:  # it keeps nothing of a network, and is slow to compile
            return foreign[optimizer], False
        rule, elementwise = find(optimizer)
        adapted = None if optimizer in canonical else recognise(rule, hyperparameters, form)
        if adapted:
            if isinstance(adapted.rule, Foreign):
                foreign[optimizer] = adapted.rule
            return adapted.rule, False
        canonical.add(optimizer)
        return rule, elementwise

    return find_in_form


def is_elementwise(rule, module):
    """Tell whether a rule or class of a module may be called once on stacked tensors."""
    name = getattr(rule, "__name__", "")
    if getattr(torch.optim, name, module) is rule:
        return name in ELEMENTWISE_CLASSES
    return getattr(module, "ELEMENTWISE", False)


class Step:
    """One iteration of an optimizer on a stack of networks; made by `make_step`."""

    def __init__(
        self,
        optimizer,
        parameters,
        hyperparameters,
        *,
        groups=(),
        names=None,
        only_matrices=None,
        blame=contextlib.nullcontext,
        find=find,
        may_draw=False,
        noise=None,
    ):
        rule, elementwise = find(optimizer)
        self._blame = blame
        if only_matrices is None:
            muon = getattr(torch.optim, "Muon", ())  # older versions of torch have none
            only_matrices = isinstance(rule, type) and issubclass(rule, muon)
        if elementwise:
            self._unstack = _as_one
        else:
            self._unstack = _as_matrices if only_matrices else model.unstack
        dealt = deal(names or model.names(parameters), groups) if groups else ()
        networks = self._unstack([parameter.detach() for parameter in parameters])
        self._noise = [None] * len(networks)
        if may_draw and not elementwise:
            self._noise = noise or streams(len(networks))
        self._networks = []
        for network, own in zip(networks, self._noise, strict=True):
            with drawing(own):
                # anew for each network, so that none shares a global variable of a user's file
                found = find(optimizer)[0]
                self._networks.append(bind(found, network, hyperparameters, dealt))

    def __call__(self, gradients, **changed):
        """Update the parameters.

        Parameters
        ----------
        gradients : list of torch.Tensor
            Like the parameters; fresh, because the rule may keep them.
        **changed
            Hyperparameters with a new value from now on, such as a learning rate that follows a
            schedule.
        """
        with self._blame():
            for network, noise, own in zip(
                self._networks, self._noise, self._unstack(gradients), strict=True
            ):
                with drawing(noise):
                    network(own, **changed)

    def train(self, mode=True):
        """Turn to training, or to evaluation, as in the methods of some classes.

        In evaluation, the parameters may have other values, such as an average. In training, they
        are as before, to the last bit.

        Parameters
        ----------
        mode : bool
            Whether to train from now on.
        """
        with self._blame():
            for network in self._networks:
                network.train(mode)

    def hyperparameters(self):
        """Return the hyperparameters in use: dicts, which may be changed, with `params` beside."""
        return [group for network in self._networks for group in network.hyperparameters()]

    def state(self):
        """Return what the optimizer remembers for each network: containers, tensors and numbers.

        Raises
        ------
        TypeError
            If a user's optimizer remembers, or may remember, more than that.
        """
        return [
            {"network": network.state(), "noise": noise}
            for network, noise in zip(self._networks, self._noise, strict=True)
        ]

    def load_state(self, states):
        """Continue from what `state` returned."""
        for network, noise, state in zip(self._networks, self._noise, states, strict=True):
            network.load_state(state["network"])
            if noise is not None:
                noise.set_state(state["noise"].get_state())


def _as_one(tensors):
    return [tensors]


def _as_matrices(tensors):
    """Unstack, with vectors as columns, for classes that take nothing but matrices."""
    return model.unstack([each.unsqueeze(2) if each.ndim == 2 else each for each in tensors])


def bind(rule, parameters, hyperparameters, groups=()):
    """Bind a hand-written rule or a torch class to tensors without unstacking them; see `Step`.

    Each of `groups` has the positions of its parameters, and hyperparameters of its own. A class
    gets them as its groups of parameters; a rule is called once for each, with a state of its own.
    """
    hyperparameters = _with_tuples(rule, hyperparameters)
    groups = [(positions, _with_tuples(rule, own)) for positions, own in groups]
    if not isinstance(rule, type):
        if groups:
            return _InGroups(rule, parameters, hyperparameters, groups)
        return _HandWritten(rule, parameters, hyperparameters)
    if not issubclass(rule, torch.optim.Optimizer):
        raise TypeError(f"{rule.__name__} is not a subclass of torch.optim.Optimizer")
    return _OfTorch(rule, parameters, hyperparameters, groups)


def _grouped(parameters, groups):
    if not groups:
        return iter(parameters)  # as model.parameters() is
    return [
        {"params": _chosen(parameters, positions), **copy.deepcopy(own)}
        for positions, own in groups
    ]


def _chosen(tensors, positions):
    return [tensors[position] for position in positions]


def defaults(rule):
    """Return the hyperparameters of a rule or class that have a default, with their defaults."""
    first = 1 if isinstance(rule, type) else 3
    return {
        parameter.name: parameter.default
        for index, parameter in enumerate(inspect.signature(rule).parameters.values())
        if parameter.default is not parameter.empty
        and (index >= first or parameter.kind is parameter.KEYWORD_ONLY)
    }


class _Kept:
    """Parameters that share their memory with the stack.

    After `p.data = ...`, as in older optimizers and in those that make one vector of all
    parameters, a parameter has other memory. Its values are then copied to the stack.
    """

    def __init__(self, tensors):
        self.tensors = tensors
        self._homes = [(tensor.data_ptr(), tensor.detach()) for tensor in tensors]

    def bring_home(self):
        for tensor, (address, home) in zip(self.tensors, self._homes, strict=True):
            if tensor.dtype != home.dtype:
                raise RuleError(
                    f"it turns a parameter of dtype {_name(home.dtype)} into {_name(tensor.dtype)}"
                )
            if tensor.data_ptr() != address:
                home.copy_(tensor.detach())


def _name(dtype):
    return str(dtype).removeprefix("torch.")


def _with_tuples(rule, hyperparameters):
    """Make a list a tuple where the default is one: YAML and the command line have only lists."""
    own = defaults(rule)
    return {
        name: tuple(value)
        if isinstance(own.get(name), tuple) and isinstance(value, list)
        else value
        for name, value in hyperparameters.items()
    }


class _HandWritten:
    def __init__(self, rule, parameters, hyperparameters):
        self._rule, self._parameters = rule, _Kept(parameters)
        self._hyperparameters, self._state = defaults(rule) | hyperparameters, {}
        self._outside = user_rules.remembered(rule)

    def __call__(self, gradients, **changed):
        self._hyperparameters.update(changed)
        with torch.no_grad():
            parameters = list(self._parameters.tensors)  # a rule may change the list
            self._rule(parameters, gradients, self._state, **self._hyperparameters)
        self._parameters.bring_home()

    def hyperparameters(self):
        return [self._hyperparameters]

    def train(self, mode):
        """Turn to training or evaluation, which are the same."""

    def state(self):
        if self._outside is None or self._outside != user_rules.remembered(self._rule):
            raise TypeError("the rule remembers something outside its state")
        return self._state

    def load_state(self, state):
        self._state = state


class _InGroups:
    """A hand-written rule that is bound to each group of parameters on its own."""

    def __init__(self, rule, parameters, hyperparameters, groups):
        self._groups = [
            (positions, _HandWritten(rule, _chosen(parameters, positions), hyperparameters | own))
            for positions, own in groups
        ]

    def __call__(self, gradients, **changed):
        for positions, bound in self._groups:
            bound(_chosen(gradients, positions), **changed)

    def hyperparameters(self):
        return [own for _, bound in self._groups for own in bound.hyperparameters()]

    def train(self, mode):
        """Turn to training or evaluation, which are the same."""

    def state(self):
        return [bound.state() for _, bound in self._groups]

    def load_state(self, states):
        for (_, bound), state in zip(self._groups, states, strict=True):
            bound.load_state(state)


#: What torch says of a parameter that is changed while its gradients are tracked.
_IN_PLACE = ("a leaf Variable that requires grad", "is being modified inplace with grad mode")


def begin_training(optimizer):
    """Turn an optimizer of a class that has modes, as schedule-free ones do, to training."""
    if _has_modes(optimizer):
        optimizer.train()


def _has_modes(optimizer):
    return all(callable(getattr(optimizer, name, None)) for name in ("train", "eval"))


class _OfTorch:
    def __init__(self, rule, parameters, hyperparameters, groups):
        with importing():
            import torch._dynamo  # noqa: F401 - torch does so in its first optimizer
        for parameter in parameters:
            parameter.requires_grad_()  # like the parameters that torch's optimizers expect
        self._parameters = _Kept(parameters)
        # hyperparameters are copied, because all networks would otherwise share a list among them
        self._optimizer = rule(_grouped(parameters, groups), **copy.deepcopy(hyperparameters))
        self._trained = None
        begin_training(self._optimizer)

    def __call__(self, gradients, **changed):
        for group in self._optimizer.param_groups:
            group.update(changed)
        for parameter, gradient in zip(self._parameters.tensors, gradients, strict=True):
            parameter.grad = gradient
        try:
            self._optimizer.step()
        except RuntimeError as error:
            if not any(part in str(error) for part in _IN_PLACE):
                raise
            raise RuleError(
                "its step changes parameters that require gradients, which torch refuses in every "
                "training loop; decorate step with @torch.no_grad()"
            ) from None
        self._parameters.bring_home()

    def train(self, mode):
        if not _has_modes(self._optimizer):
            return
        with torch.no_grad():
            if mode:
                self._optimizer.train()
                for tensor, trained in zip(self._parameters.tensors, self._trained, strict=True):
                    tensor.copy_(trained)  # train() may undo what eval() does to rounding only
            else:
                self._trained = [tensor.detach().clone() for tensor in self._parameters.tensors]
                self._optimizer.eval()
        self._parameters.bring_home()

    def hyperparameters(self):
        return self._optimizer.param_groups

    def state(self):
        rule = type(self._optimizer)
        if getattr(torch.optim, rule.__name__, None) is not rule:
            raise TypeError("a subclass of torch.optim.Optimizer may keep more than its state_dict")
        return self._optimizer.state_dict()

    def load_state(self, state):
        self._optimizer.load_state_dict(state)
