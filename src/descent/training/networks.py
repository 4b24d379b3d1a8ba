"""The networks of a stack of seeds, whatever their kind.

Both kinds have `names`, those of the parameters, and `parameters`, stacked over seeds. They compute
logits in training (`forward`) and in evaluation (`evaluate`); `blame` is a context in which errors
are blamed on the user's file.
"""

import contextlib

from descent import model
from descent.training.modules import Modules
from descent.training.seeding import NOISE, generators

#: Modules that compute what `descent.model` does, from the same parameters.
_ONLY_LAYERS = {"descent.models.linear", "descent.models.mlp"}


def make_networks(training, data, variant, seeds, device="cpu"):
    """Make the untrained network of each seed.

    Parameters
    ----------
    training : descent.training.settings.TrainingSettings
    data : descent.data.prepared.PreparedData
        Says how large images are, and how many classes there are.
    variant : str
        The random streams are derived from its name.
    seeds : list of int
    device : torch.device or str

    Returns
    -------
    Layers or descent.training.modules.Modules

    Raises
    ------
    descent.errors.RuleError
        If the user's module is wrong.
    """
    initial = generators(training, "initialization", variant, seeds)
    if training.model is None:
        sizes = model.layer_sizes(data.train_images.shape[1], training.hidden, data.n_classes)
        return Layers(model.initialize(sizes, initial, device))
    noise = generators(training, NOISE, variant, seeds)
    modules = Modules(training.model, data.image_shape, data.n_classes, initial, noise, device)
    return Layers(modules.parameters, modules.names) if can_be_stacked(training) else modules


def can_be_stacked(training):
    """Tell whether the networks of several seeds train in one stack, with the bits of each alone.

    A module that is nothing but layers does so; any other trains one seed after another.
    """
    return training.model is None or training.model["module"] in _ONLY_LAYERS


class Layers:
    """Linear layers with ReLU between them, for all seeds at once.

    Parameters
    ----------
    parameters : list of torch.Tensor
        As `descent.model.initialize` returns them.
    names : list of str, optional
        Those of the formula, if left out.
    """

    blame = contextlib.nullcontext

    def __init__(self, parameters, names=None):
        self.parameters, self.names = parameters, names or model.names(parameters)
        self.forward = self.evaluate = model.forward

    def next_iteration(self):
        """Draw the random numbers of an iteration: there are none."""

    def buffers(self, index):
        """Return what a network has besides its parameters: nothing."""
        return {}

    def state(self):
        """Return what training resumes from, besides the parameters: nothing."""
        return None

    def load_state(self, state):
        """Continue from what `state` returned."""
