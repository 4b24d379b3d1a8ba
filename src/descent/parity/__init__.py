"""Parity: whether an update rule is the same as its reference.

In: two optimizers. Out: a verdict (see `verdict`), where a difference begins, and what it looks
like.

- `replay` gives both the same gradients, those of a training. `tolerance` says how far rounding may
  take them apart, with the disturbed `arithmetic` of a reference.
- `trials` do the same with generated `gradients` and at other hyperparameters, see `variations`.
- `diagnosis` looks for the mistake: in the `catalog`, by a `fit` of one hyperparameter, or as
  `facts`; it compares `paths`.
- `check` does all of this for `descent check` and returns a `report`. A `contender` is an optimizer
  with hyperparameters.
- `shadow` holds an existing training loop against a `reference`: `targets` finds its parameters,
  `closeness` judges its steps, and `watch` notices what else happens.
"""

#: Iterations of training that a check compares, and those of a thorough one: as many as the default
#: experiment trains, 20 epochs of 469 mini-batches.
ITERATIONS, THOROUGH = 500, 9380
