"""Parity: is an update rule the same as its reference?

In: two optimizers. Out: a verdict for each precision (identical, equal to rounding, different),
where a difference begins, and what it looks like.

`replay` gives both the same gradients, `verdict` judges the differences, `diagnosis` looks for the
mistake among the `mutants`, `check` does all of it for `descent check`.
"""
