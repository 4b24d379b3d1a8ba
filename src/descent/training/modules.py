"""Modules of torch as the networks of a stack of seeds, one after another."""

import contextlib
import importlib
import inspect
from functools import partial

import torch
from torch.nn.parameter import is_lazy

from descent.errors import RuleError
from descent.models.spec import GIVEN, keywords, module_place
from descent.optimizers.loading import load
from descent.optimizers.spec import parse
from descent.optimizers.user_rules import blaming, blaming_object
from descent.training.module_trial import try_out


class Modules:
    """A module for each seed, whose tensors are outside of it.

    Parameters
    ----------
    settings : dict
        `model` in the configuration: `module`, `initialization` and keywords.
    image_shape : (int, int, int)
        Channels, height and width.
    n_classes : int
    initial, noise : list of torch.Generator
        For each seed, those of its initial weights, and of the random numbers in training, such as
        dropout's.
    device : torch.device or str

    Attributes
    ----------
    image_shape : (int, int, int)
    names : list of str
        As in the module: `conv1.weight`, ...
    parameters : list of torch.Tensor
        Float32, stacked over seeds, requiring gradients.

    Raises
    ------
    descent.errors.RuleError
        If the module cannot be made or trained.
    """

    def __init__(self, settings, image_shape, n_classes, initial, noise, device):
        self.image_shape, self._noise, self._device = image_shape, noise, torch.device(device)
        make, self.blame = _find(settings)
        with self.blame():
            takes = inspect.signature(make).parameters
            given = dict(zip(GIVEN, (image_shape, n_classes), strict=True))
            given = {name: value for name, value in given.items() if name in takes}
            make = partial(make, **{**given, **keywords(settings)})
            as_in_the_lab = settings.get("initialization", "lab") == "lab"
            if not as_in_the_lab:
                _check_seeding(make)
            self._modules = [self._begin(make, own, as_in_the_lab) for own in initial]
            trained = [_trained(module) for module in self._modules]
            self.names = list(trained[0])
            self.parameters = [
                torch.stack([own[name].detach() for own in trained]).requires_grad_()
                for name in self.names
            ]
            # what is trained is not in the module any more, but given to it
            self._before = [_others(module) for module in self._modules]
            self._after = {}
            self._seeds = [0] * len(noise)
            try_out(self, n_classes)

    def _begin(self, make, generator, as_in_the_lab):
        """Make the module of a seed, with its initial weights, on the device."""
        with _seeded(generator.initial_seed()):
            module = make()
            if not isinstance(module, torch.nn.Module):
                raise RuleError(f"it is a {type(module).__name__}, not a torch.nn.Module")
            if any(map(is_lazy, module.parameters())):
                with torch.no_grad():
                    module.eval()(torch.zeros(1, *self.image_shape))
        if not _trained(module):
            raise RuleError("it has no parameters that could be trained")
        if as_in_the_lab:
            _initialize_as_in_the_lab(module, generator)
        return module.to(self._device)

    def next_iteration(self):
        """Draw the random numbers of an iteration, and keep the buffers of the one before."""
        self._before = [self.buffers(index) for index in range(len(self._before))]
        self._after = {}
        self._seeds = [int(torch.randint(2**62, (), generator=own)) for own in self._noise]

    def forward(self, parameters, images):
        """Compute the logits in training.

        The first call in an iteration updates the buffers. Every call in it begins with those of
        the iteration before, and has the same random numbers.

        Parameters
        ----------
        parameters : list of torch.Tensor
            Like the attribute, of any floating-point dtype; there may be fewer seeds.
        images : torch.Tensor
            (seeds, images, pixels), of that dtype.

        Returns
        -------
        torch.Tensor
            (seeds, classes, images).
        """
        logits = []
        for index, own in enumerate(images):
            buffers = _copies(self._before[index], images.dtype)
            logits.append(self.call(index, parameters, buffers, own, True, self._seeds[index]))
            self._after.setdefault(index, buffers)
        return torch.stack(logits).mT

    def evaluate(self, parameters, images):
        """Compute the logits in evaluation mode, like `forward`; buffers stay as they are."""
        logits = [
            self.call(index, parameters, _copies(self.buffers(index), own.dtype), own, False, 0)
            for index, own in enumerate(images)
        ]
        return torch.stack(logits).mT

    def call(self, index, parameters, buffers, images, training, seed):
        """Call the module of a seed.

        Parameters
        ----------
        index : int
            Place of the seed in the stack.
        parameters : list of torch.Tensor
            Stacked over seeds.
        buffers : dict
            What the module has besides; updated in training.
        images : torch.Tensor
            (images, pixels).
        training : bool
            Whether in training mode, else in evaluation mode.
        seed : int
            Of torch's random numbers.

        Returns
        -------
        torch.Tensor
            What the module returns: (images, classes), if it is right.
        """
        module = self._modules[index].train(training)
        own = {name: each[index] for name, each in zip(self.names, parameters, strict=True)}
        tensors = own | buffers
        with _seeded(seed, self._device):
            images = images.unflatten(-1, self.image_shape)
            logits = torch.func.functional_call(module, tensors, (images,))
        buffers |= {name: tensors[name].detach() for name in buffers}
        return logits

    def plain_values(self):
        """Return the numbers and strings that the first module has as attributes."""
        return {
            ".".join(filter(None, (place, name))): value
            for place, module in self._modules[0].named_modules()
            for name, value in vars(module).items()
            if isinstance(value, bool | int | float | str) and name != "training"
        }

    def buffers(self, index):
        """Return what a network has besides its parameters: buffers, and what is not trained."""
        return self._after.get(index, self._before[index])

    def state(self):
        """Return what training resumes from, besides the parameters."""
        buffers = [self.buffers(index) for index in range(len(self._before))]
        return {"buffers": buffers, "noise": [own.get_state() for own in self._noise]}

    def load_state(self, state):
        """Continue from what `state` returned."""
        self._before, self._after = state["buffers"], {}
        for own, saved in zip(self._noise, state["noise"], strict=True):
            own.set_state(saved)


def _find(settings):
    """Return the class of a module, and a context in which its errors are blamed on it."""
    file, name = module_place(settings["module"])
    if parse(settings["module"]).file is None:
        included = getattr(importlib.import_module(settings["module"]), name)
        return included, partial(blaming_object, included)
    blame = partial(blaming, str(file))
    with blame():
        return getattr(load(str(file), name), name), blame


def _check_seeding(make):
    """Check that a module draws its initial weights from the random numbers of its run."""
    states = []
    for seed in (1, 2):
        with _seeded(seed):
            make()
            states.append(torch.get_rng_state())
    if torch.equal(*states):
        raise RuleError(
            "it sets torch's random seed, so that all runs would start with the same weights; "
            "remove that"
        )


@contextlib.contextmanager
def _seeded(seed, device=None):
    """Let torch draw the random numbers of a seed, and later go on as before."""
    of_gpu = [device] if device is not None and device.type == "cuda" else []
    with torch.random.fork_rng(of_gpu):
        torch.manual_seed(seed)
        yield


@torch.no_grad()
def _initialize_as_in_the_lab(module, generator):
    """Draw weights from a normal distribution with deviation 1/sqrt(n_in), and set biases to 0.

    Weights are what has two or more dimensions, and n_in counts the numbers that are multiplied for
    an output; the scales of normalizations, and the like, stay as they are.
    """
    for name, parameter in _trained(module).items():
        if parameter.ndim > 1:
            parameter.normal_(0, parameter[0].numel() ** -0.5, generator=generator)
        elif name.endswith("bias"):
            parameter.zero_()


def _trained(module):
    return {name: each for name, each in module.named_parameters() if each.requires_grad}


def _others(module):
    frozen = {name: p.detach() for name, p in module.named_parameters() if not p.requires_grad}
    return frozen | dict(module.named_buffers())


def _copies(buffers, dtype):
    return {
        name: each.to(dtype if each.is_floating_point() else each.dtype, copy=True)
        for name, each in buffers.items()
    }
