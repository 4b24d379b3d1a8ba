"""How many processes run the tests."""

import os


def pytest_xdist_auto_num_workers(config):
    """Two more than cores: a test often waits for a snakemake that waits for its jobs."""
    return os.cpu_count() + 2
