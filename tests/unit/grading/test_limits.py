import subprocess
import sys

SCRIPT = """
import resource, sys
from descent.grading.limits import Limits, set_limits
set_limits(Limits(memory_mb=100, file_mb=1, cpu_seconds=5, processes=1000))
print(*(resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1] > 0
        for name in ("AS", "CPU", "FSIZE", "NPROC")), resource.getrlimit(resource.RLIMIT_FSIZE)[0])
try:
    bytearray(200 << 20)
except MemoryError:
    print("no more memory")
try:
    open(sys.argv[1], "wb").write(bytes(2 << 20))
except OSError as error:
    print(error.strerror)
while True:
    pass
"""


def test_a_process_limits_itself(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.replace("cpu_seconds=5", "cpu_seconds=1"), tmp_path / "x"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == [
        f"True True True True {1 << 20}",
        "no more memory",
        "File too large",
    ]
    assert done.returncode < 0, "the processor's time is limited, too"
