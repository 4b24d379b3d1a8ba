import subprocess
import sys
import time

from descent.grading import orphans

#: A process that leaves its group, and whose parent ends.
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
"""


def test_what_a_process_leaves_behind_is_ended():
    orphans.adopt()
    before = orphans.children()
    subprocess.run([sys.executable, "-c", DAEMON], check=True)
    deadline = time.monotonic() + 10
    while not orphans.children() - before and time.monotonic() < deadline:
        time.sleep(0.01)
    orphans.kill_new(before)
    assert orphans.children() <= before


def test_what_was_there_before_stays():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        orphans.kill_new(orphans.children())
        assert process.poll() is None
        process.stdin.close()
