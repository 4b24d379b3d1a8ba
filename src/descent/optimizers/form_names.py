"""The forms in which people write update rules, and what the names of arguments tell about them.

Signatures are checked every time Snakemake starts, so this module imports no torch.
"""

import functools
import unicodedata

#: The forms that `descent.optimizers.forms` can call, for the help of `--form`.
FORMS = {
    "grad-list": "sgd(params, lr, batch_size): a list of tensors with their gradients in .grad",
    "states": "sgd_momentum(params, states, hyperparams): the same with buffers, or with the "
    "hyperparameters in a dict",
    "config": "rule(w, dw, config): one array at a time",
    "class": "a class with step() or update(), which is no torch.optim.Optimizer",
    "pure": "update(params, grads, state, lr): lists, or one tuple per layer; returns the new ones",
    "factory": "sgd(lr), which returns the functions init and update",
    "dict": "update(parameters, grads, learning_rate): dicts by name, such as W1, b1, W2, b2",
}

#: The methods that may take a step, in a class of another form than torch's.
METHODS = ("step", "update", "update_params", "update_parameters", "apply_gradients", "optimize")

_SINGLE = {"w", "p", "param", "parameter", "x", "theta", "var", "variable", "weight", "arr"}
_MANY = {"params", "parameters", "ps", "weights", "thetas", "vars", "variables", "ws"}
_STATE = {
    *("state", "states", "cache", "caches", "memory", "buffer", "buffers", "buf", "bufs", "slots"),
    *("velocity", "velocities", "vel", "vels", "moment", "moments", "momenta", "momentums"),
    *("v", "vs", "s", "ss", "m", "ms", "u", "r", "m1", "m2", "v1", "v2", "mean", "means"),
    *("square", "squares", "sq", "sqs", "sqr", "sqrs", "accum", "accumulator", "accumulators"),
    *("avg", "avgs", "average", "averages", "delta", "deltas", "prev", "previous", "history"),
}
_CONFIG = {
    *("config", "configs", "conf", "cfg", "hyperparams", "hyperparameters", "hyperparameter"),
    *("hparams", "hps", "hp", "hypers", "options", "opts", "optim_config"),
}
_COUNTER = {
    *("t", "i", "it", "iter", "iteration", "iterations", "step", "steps", "timestep", "time_step"),
    *("n_iter", "step_num", "num_steps", "step_count", "global_step", "counter"),
}
_BATCH = {"batch_size", "batchsize", "bs", "minibatch_size", "mini_batch_size"}
_GRADIENTS = {"g", "gs", "dparams", "dweights", "dws", "dthetas"}

#: Other names of hyperparameters, by the name that torch.optim has for them.
ALIASES = {
    "lr": (
        *("learning_rate", "learningrate", "learn_rate", "lrate", "lr_rate", "rate", "step_size"),
        *("stepsize", "eta", "alpha", "learning_rate_init"),
    ),
    "momentum": ("mu", "beta", "gamma", "rho", "beta1", "momentum_rate", "mass"),
    "eps": ("epsilon", "e", "eps_stable"),
    "alpha": ("decay_rate", "rho", "gamma", "beta", "beta2", "decay", "smoothing"),
    "rho": ("decay_rate", "gamma", "beta", "decay"),
    "weight_decay": (
        *("wd", "weightdecay", "l2", "lambd", "lambda", "lamda", "lamb", "l2_reg", "reg"),
    ),
    "lr_decay": ("decay", "decay_rate", "learning_rate_decay"),
}

#: Other names of pairs.
PAIRS = {
    "betas": (
        *(("beta1", "beta2"), ("beta_1", "beta_2"), ("b1", "b2")),
        *(("rho1", "rho2"), ("beta_m", "beta_v"), ("decay1", "decay2")),
    )
}

_HYPERPARAMETERS = {
    *ALIASES,
    *(alias for aliases in ALIASES.values() for alias in aliases),
    *(name for pairs in PAIRS.values() for pair in pairs for name in pair),
    *PAIRS,
    *("nesterov", "dampening", "centered", "amsgrad", "maximize"),
}


def in_torch(name):
    """List the other names that torch.optim may have for a hyperparameter."""
    written = plain(name)
    found = [key for key, aliases in ALIASES.items() if written in aliases]
    return found + [key for key, pairs in PAIRS.items() if any(written in pair for pair in pairs)]


def hint(name, names, among=None):
    """Say what torch.optim calls a hyperparameter, if that is another name.

    Parameters
    ----------
    name : str
    names : list of str
        All hyperparameters of its rule.
    among : list of str, optional
        Those of the reference: one of them is meant, if that can be.

    Returns
    -------
    str
        Empty if torch has no other name for it.
    """
    if name in ALIASES or name in PAIRS:
        return ""
    written, all_written = plain(name), {*map(plain, names)}
    pairs = [(key, pair) for key, pairs in PAIRS.items() for pair in pairs]
    for key, pair in pairs:
        if written in pair and all_written.issuperset(pair):
            return f"; torch has it in {key}"
    found = [key for key in in_torch(name) if key in ALIASES]
    found = [key for key in found if key in (among or found)] or found
    return f"; torch calls it {' or '.join(found)}" if found else ""


def plain(name):
    """Return a name in lower case, without underscores around it, and with alpha for its letter."""
    return "".join(map(_spelled, name.lower().strip("_")))


def _spelled(letter):
    words = unicodedata.name(letter, "").split()
    return words[-1].lower() if words[:3] == ["GREEK", "SMALL", "LETTER"] else letter


@functools.cache  # every step asks for it
def role(name):
    """Tell what an argument is for, by its name.

    Parameters
    ----------
    name : str

    Returns
    -------
    str or None
        `parameters`, `gradients`, `state`, `config`, `counter`, `batch`, `model` or `layer`; None
        for anything else, such as a hyperparameter.
    """
    name = plain(name)
    if name in _HYPERPARAMETERS:
        return None
    for kind, names in (("config", _CONFIG), ("counter", _COUNTER), ("batch", _BATCH)):
        if name in names:
            return kind
    if name in ("model", "net", "network", "layer"):
        return "layer" if name == "layer" else "model"
    parts = set(name.split("_"))
    if parts & _STATE:
        return "state"
    whole = parts & (_SINGLE | _MANY)
    is_gradient = any(part.startswith("grad") for part in parts) or name in _GRADIENTS
    if is_gradient or (name.startswith("d") and name[1:].strip("_") in _SINGLE | _MANY):
        return "gradients"
    return "parameters" if whole else None


def is_one(name):
    """Tell whether the name of parameters is that of a single array."""
    return not set(plain(name).split("_")) & _MANY


def is_hyperparameter(name):
    """Tell whether a name is a usual one for a hyperparameter."""
    return plain(name) in _HYPERPARAMETERS


def may_be_canonical(names):
    """Tell whether the first arguments, three at most, may be parameters, gradients and state."""
    meanings = ("parameters", "gradients", "state")
    return all(
        role(name) in (None, meaning) and not is_hyperparameter(name)
        for meaning, name in zip(meanings, names, strict=False)
    )


def needs_more(names):
    """Tell whether arguments after the third are no hyperparameters, such as a second state."""
    return any(role(name) in ("gradients", "state", "config", "counter") for name in names[3:])


def stands_for(name, given):
    """Tell whether a name of a hyperparameter is another one for a given name."""
    pairs = [alias for pair in PAIRS.get(given, ()) for alias in pair]
    return plain(name) in {given, *ALIASES.get(given, ()), *pairs}


def looks_like(names, is_class):
    """Tell whether a function or class may have one of the forms.

    Parameters
    ----------
    names : list of str
        Names of the arguments, of `__init__` for a class; without self.
    is_class : bool

    Returns
    -------
    bool
    """
    roles = [role(name) for name in names]
    if {"parameters", "model", "layer"} & set(roles):
        return True
    if is_class:
        return not names or any(map(is_hyperparameter, names))
    return bool(names) and all(map(is_hyperparameter, names))
