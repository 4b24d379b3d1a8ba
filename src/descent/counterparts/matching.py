"""Which hyperparameter of one optimizer is which of another one."""

from descent.optimizers.form_names import ALIASES, PAIRS, in_torch

#: What is about the implementation, or cannot be asked of another framework.
BESIDE = {
    *("foreach", "fused", "capturable", "differentiable", "name", "kwargs", "seed", "key"),
    *("mu_dtype", "accumulator_dtype", "dtype_momentum", "state_dtype", "loss_scale_factor"),
    *("ema_momentum", "ema_overwrite_frequency", "mask", "weight_decay_mask"),
}


def match(source, target):
    """Find the hyperparameters of two optimizers that mean the same.

    The same name first; among the rest, two names of which `descent.optimizers.form_names.ALIASES`
    has both for one hyperparameter of torch.

    Parameters
    ----------
    source, target : list of str
        Names of hyperparameters.

    Returns
    -------
    list of tuple
        (name in the source, name in the target, name that both understand). What has no
        counterpart, or several, is left out.
    """
    found = [(name, name, name) for name in source if name in target]
    left = {name: _torchs(name) for name in target if name not in source}
    for name in source:
        if name in target:
            continue
        options = [(other, names & _torchs(name)) for other, names in left.items()]
        options = [(other, shared) for other, shared in options if shared]
        if len(options) == 1:
            [(other, shared)] = options
            found.append((name, other, min(shared)))
            del left[other]
    return sorted(found, key=lambda each: source.index(each[0]))


def _torchs(name):
    """Return what torch may call a hyperparameter."""
    return {each for each in in_torch(name) if each in ALIASES} | ({name} & {*ALIASES, *PAIRS})


def is_off(value):
    """Tell whether a value turns an option off."""
    return value is None or value is False or (isinstance(value, int | float) and value == 0)
