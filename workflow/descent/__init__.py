"""Descent Lab: does a hand-written optimizer do what the reference does?

The library behind the workflow. It does not know Snakemake: every function takes plain values and
paths.
"""

import os

__version__ = "0.1.0"

# MKL may pick another kernel, with other bits, for a matrix whose address is aligned differently, as
# each seed's slice of a stacked tensor is. Its reproducible mode (measured: at no cost) prevents
# that; it must be chosen before MKL is first used.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
