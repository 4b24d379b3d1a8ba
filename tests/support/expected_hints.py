"""What is right to say of a mistake of the catalogue `descent.parity.mutants`."""

#: Where it is not `looks like <name>;`: these show in another way than by their steps.
OTHER_HINTS = {
    "replaced_parameters": "update them in place",
    "velocity_of_another_run": "something is kept outside `state`",
    "learning_rate_in_velocity": "equal only while the learning rate is constant",
}


def expected_hint(mutant):
    """Return a part of the right hint for a wrong update rule, named as its function."""
    return OTHER_HINTS.get(mutant, f"looks like {mutant.replace('_', ' ')};")
