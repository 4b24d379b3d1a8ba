"""Reporting: what people look at.

In: tables, curves and the configuration. Out: figures, tables in Markdown and LaTeX, and two pages.

`wording` and `conclusions` put results into words, `gaps` and `next_steps` what is missing and what
to do, `accuracy_table` and `html_tables` format tables, `report` and `interactive` make the pages
from `templates/` with `rendering`, and `figures/` has one module per kind of figure, which
`adaptive` puts into pages.
"""
