#!/bin/sh
# bsub says "Job <7> is submitted to queue <normal>."; snakemake wants the 7.
bsub "$@" | sed -n 's/^Job <\([0-9]*\)>.*/\1/p'
