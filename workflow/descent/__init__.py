"""The library behind Descent Lab.

It does not know Snakemake: every function takes plain values and
paths.
"""

import os

__version__ = "0.1.0"

# MKL may pick another kernel, with other bits, for a matrix that is aligned differently, as each
# seed's slice of a stacked tensor is. Its reproducible mode, to be chosen before its first use,
# prevents that (measured: at no cost).
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
