"""Parity: whether an update rule is the same as its reference.

In: two optimizers. Out: a verdict for each precision (identical, equal to rounding, different),
where a difference begins, and what it looks like.

`replay` gives both the same gradients, `verdict` judges the differences, `diagnosis` looks for the
mistake among the `mutants`, and `check` does all of this for `descent check`.
"""
