"""Terminal: what the workflow shows to the person who starts it.

In: Snakemake's log records and the logs of jobs. Out: lines, or one display that is drawn anew.

`screen` takes the place of Snakemake's own output, `display` draws, `running` knows what a job is
doing, `reasons` says why jobs failed, and `summary` what a finished run has found.
"""
