"""Rules in the forms in which people write them by hand, taken as they are.

`recognition` finds out the form: it lists the ways in which a rule may be called, from the names
of its arguments, and takes the first one that works in a `trial` on a tiny network. A `way` calls
the rule; `containers` has the lists, dicts and arrays, `sources` the classes and functions that
make the function of a step, `initial` the states, `outside` the global variables, and
`translation` the names of hyperparameters.
"""

from descent.optimizers.form_names import FORMS, looks_like
from descent.optimizers.forms.recognition import Adapted, recognise

__all__ = ["FORMS", "Adapted", "looks_like", "recognise"]
