"""Groups of parameters that have hyperparameters of their own.

The Snakefile imports this module at every start, so it must stay light.
"""

from fnmatch import fnmatchcase

from descent.errors import SignatureError


def names_of(n_layers):
    """Name the parameters of a network, in the order of `descent.model.names`."""
    return [f"{kind}{layer}" for layer in range(n_layers) for kind in "Wb"]


def deal(names, groups):
    """Deal parameters out to groups by their names.

    A parameter belongs to the first group with a pattern that matches its name.

    Parameters
    ----------
    names : list of str
        W0, b0, W1, ...
    groups : list of dict
        `parameters`: patterns as in a shell, such as `b*`; and hyperparameters.

    Returns
    -------
    list of (list of int, dict)
        The positions of the parameters and the hyperparameters of each group. The parameters that
        belong to none come first, with no hyperparameters of their own.

    Raises
    ------
    SignatureError
        If a pattern matches no name, or a group gets no parameter.
    """
    left, dealt = dict(enumerate(names)), []
    for index, group in enumerate(groups):
        patterns = group["parameters"]
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise SignatureError(
                    f"groups.{index}.parameters: {pattern} matches none of {', '.join(names)}"
                )
        positions = [
            position
            for position, name in left.items()
            if any(fnmatchcase(name, pattern) for pattern in patterns)
        ]
        if not positions:
            raise SignatureError(
                f"groups.{index}.parameters: all that match belong to an earlier group"
            )
        left = {position: name for position, name in left.items() if position not in positions}
        dealt.append((positions, own_hyperparameters(group)))
    return [(list(left), {}), *dealt] if left else dealt


def own_hyperparameters(group):
    """Return the hyperparameters of a group in the configuration."""
    return {key: value for key, value in group.items() if key != "parameters"}


def in_turn(n_parameters, groups):
    """Deal parameters out to groups in turn, whatever their names.

    Parameters
    ----------
    n_parameters : int
    groups : sequence of dict
        The hyperparameters of each; none for no groups at all.

    Returns
    -------
    list of (list of int, dict)
        As `deal` returns them.
    """
    return [
        (list(range(index, n_parameters, len(groups))), own) for index, own in enumerate(groups)
    ]
