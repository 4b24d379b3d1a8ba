"""The form of a rule, as a key and in words."""

from descent.optimizers.form_names import role
from descent.optimizers.forms.way import BATCH

_CONTAINERS = {
    "single": "one array at a time",
    "list": "a list of parameters",
    "dict": "parameters in a dict by name (W1, b1, ...)",
    "dict0": "parameters in a dict by name (W0, b0, ...)",
    "pairs": "one tuple (W, b) for each layer",
    "layers": "one layer at a time",
    "model": "a model",
}


def form_of(way):
    """Return the key of the form, see `descent.optimizers.form_names.FORMS`."""
    if way.source.form:
        return way.source.form
    if way.container in ("dict", "dict0"):
        return "dict"
    keeps = {"state", "config"} & way.source.roles
    if way.arrays in ("leaf", "box"):
        return "states" if keeps else "grad-list"
    if way.container == "single":
        return "config"
    return "states" if "config" in way.source.roles else "pure"


def words_of(way):
    """Say in words how the rule is called."""
    words = [f"{way.source.begins} {_CONTAINERS[way.container]}"]
    if way.arrays in ("leaf", "box"):
        words.append("with gradients in .grad")
    if any(role(name) == "batch" for name in [*way.batch_names(), *way.config]):
        words.append(f"which are sums over a batch of {BATCH}")
    states = [each.name for each in way.source.arguments if each.role == "state"]
    if "config" in way.source.roles:
        states += [each.name for each in way.source.arguments if each.role == "config"]
    if states:
        words.append(f"with its state in {' and '.join(states)}")
    if way.returned.is_update:
        words.append("returning what is added to the parameters")
    return ", ".join(words)
