"""The command `descent` as a process of its own, also as `python -m descent`."""

import os
import sys

from descent.cli import main
from descent.process import Process


def run():
    """Run the command, and end the process with its exit code."""
    process = Process()
    try:
        process.status = main()
    except SystemExit as wanted:
        process.status = wanted.code
    except BrokenPipeError:  # of a reader that has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    run()
