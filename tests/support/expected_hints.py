"""The right hint for each mistake in the catalog `descent.parity.mutants`."""

#: The hints that are not `looks like <name>;`: these mistakes do not show in their steps.
OTHER_HINTS = {
    "replaced_parameters": "update them in place",
    "velocity_of_another_run": "something is kept outside `state`",
    "learning_rate_in_velocity": "equal only while the learning rate is constant",
}


def expected_hint(mutant):
    """Return part of the right hint for a wrong update rule, given its function's name."""
    return OTHER_HINTS.get(mutant, f"looks like {mutant.replace('_', ' ')};")
