"""`python -m descent`: the command, where it is not installed."""

import sys

from descent.cli import main

sys.exit(main())
