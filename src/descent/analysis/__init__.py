"""Analysis: what many runs say together.

In: the recorded runs. Out: smoothed curves with bands, tables, tests of equivalence, selections.

`final` gathers final values, `curves` and `bands` make the curves, `summaries` the tables,
`equivalence` tests whether variants perform the same, `selection` ranks the combinations of sweeps.
"""
