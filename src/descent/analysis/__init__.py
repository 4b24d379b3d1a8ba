"""Analysis: what many runs show together.

In: the recorded runs. Out: smoothed curves with bands, tables, equivalence tests, selections.

`final` gathers final values, `curves` and `bands` make the curves, `summaries` makes the tables,
`equivalence` tests whether variants perform the same, with `decision`, `improvement` and `power`;
`pairs` does so for all pairs, and `selection` ranks the combinations of sweeps.
"""
