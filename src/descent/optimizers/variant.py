"""The step of a variant: its optimizer with all that its settings say about training."""

from descent.errors import RuleError
from descent.optimizers.clipping import KINDS
from descent.optimizers.schedules import rate
from descent.optimizers.spec import split_settings
from descent.optimizers.step import make_step


def make_variant_step(settings, parameters, iterations_per_epoch, names=None, noise=None):
    """Bind a variant's optimizer to parameters, with its schedule, clipping and groups.

    Parameters
    ----------
    settings : dict
        `optimizer` and its hyperparameters, and optionally `lr_scheduler`, `gradient_clipping` and
        `groups`, as in the configuration.
    parameters : list of torch.Tensor
        Stacked over seeds, see `descent.model.initialize`; updated in place by every step.
    iterations_per_epoch : int
    names, noise : list, optional
        Names of the parameters, and the random numbers of their seeds, see
        `descent.optimizers.step.make_step`.

    Returns
    -------
    descent.optimizers.step.Step or Regulated

    Raises
    ------
    descent.errors.RuleError
        If the user's rule is wrong; steps raise it as well. If it has no learning rate that a
        schedule could change.
    """
    optimizer, hyperparameters = split_settings(settings)
    groups = settings.get("groups", ())
    step = make_step(optimizer, parameters, hyperparameters, groups, names, noise)
    return regulated(step, settings, iterations_per_epoch, optimizer)


def regulated(step, training, iterations_per_epoch, name):
    """Let a step follow a schedule and clip its gradients, if settings say so.

    Parameters
    ----------
    step : descent.optimizers.step.Step
    training : dict
        May have `lr_scheduler` and `gradient_clipping`.
    iterations_per_epoch : int
    name : str
        Of the optimizer, for messages.

    Returns
    -------
    descent.optimizers.step.Step or Regulated

    Raises
    ------
    descent.errors.RuleError
        If the optimizer has no learning rate that a schedule could change.
    """
    scheduler, clipping = training.get("lr_scheduler"), training.get("gradient_clipping")
    if scheduler and not all("lr" in group for group in step.hyperparameters()):
        raise RuleError(f"{name}: lr_scheduler needs an lr in the param_groups of the class")
    if scheduler or clipping:
        return Regulated(step, scheduler, clipping, iterations_per_epoch)
    return step


class Regulated:
    """A step before which gradients are clipped, and after which the learning rate changes.

    It is called like `descent.optimizers.step.Step`, and changes its gradients in place.

    Parameters
    ----------
    step : descent.optimizers.step.Step
    scheduler : dict or list of dict or None
        See `descent.optimizers.schedules.rate`; it takes the configured rate of each group.
    clipping : dict or None
        Maps a key of `descent.optimizers.clipping.KINDS` to its limit.
    iterations_per_epoch : int

    Attributes
    ----------
    follows_schedule : bool
        Whether there is a scheduler.
    """

    def __init__(self, step, scheduler, clipping, iterations_per_epoch):
        self.follows_schedule = scheduler is not None
        self._step, self._clipping = step, clipping or {}
        self._scheduler, self._iterations_per_epoch = scheduler, iterations_per_epoch
        self._configured = [group.get("lr") for group in step.hyperparameters()]
        self._set_iteration(0)

    def _set_iteration(self, iteration):
        """Set the learning rates of the next step, where `hyperparameters` shows them."""
        self._iteration = iteration
        if self.follows_schedule:
            for lr, group in zip(self._configured, self._step.hyperparameters(), strict=True):
                group["lr"] = rate(lr, iteration, self._scheduler, self._iterations_per_epoch)

    def __call__(self, gradients, **changed):
        """Clip the gradients, update the parameters, and turn to the next iteration."""
        for kind, limit in self._clipping.items():
            KINDS[kind](gradients, limit)
        self._step(gradients, **changed)
        self._set_iteration(self._iteration + 1)

    def train(self, mode=True):
        """Turn to training or evaluation, see `descent.optimizers.step.Step`."""
        self._step.train(mode)

    def hyperparameters(self):
        """Return the hyperparameters of the next step, see `descent.optimizers.step.Step`."""
        return self._step.hyperparameters()

    def state(self):
        """Return what the optimizer remembers, and how many iterations are done."""
        return {"iteration": self._iteration, "optimizer": self._step.state()}

    def load_state(self, state):
        """Continue from what `state` returned."""
        self._step.load_state(state["optimizer"])
        self._set_iteration(state["iteration"])
