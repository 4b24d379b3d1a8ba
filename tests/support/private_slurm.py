"""A real Slurm with two nodes on this machine, in its own folder, for tests and timings."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from contextlib import ExitStack, suppress

import psutil

PACKAGES = {
    "munged": "munge",
    "slurmctld": "slurmctld",
    "slurmd": "slurmd",
    "sbatch": "slurm-client",
}
NODES = ("n1", "n2")
PATIENCE = 1800  # seconds: a limit for what never comes, whatever the machine
# A silent node counts as down after SlurmdTimeout; a job over a limit is killed after KillWait.
SETTINGS = """\
ClusterName=descent
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SwitchType=switch/none
MpiDefault=none
PropagateResourceLimits=NONE
ReturnToService=2
SlurmdTimeout=10
KillWait=2
MinJobAge=600
SchedulerParameters=sched_interval=2,bf_interval=5,batch_sched_delay=0
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=16000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=16000
PartitionName=all Nodes=n1,n2 Default=YES DefMemPerCPU=1000 MaxTime=INFINITE
"""


def find_program(name):
    """Find a program, even outside a normal user's PATH."""
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def missing_packages():
    """Say how to install the missing Debian packages, if any."""
    packages = [package for program, package in PACKAGES.items() if not find_program(program)]
    if packages:
        return f"Slurm is missing: apt-get install --no-install-recommends {' '.join(packages)}"


def free_ports(count):
    """Find unused ports."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def wait_until(condition, what, timeout=PATIENCE):
    """Wait until a condition holds and return its value."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {timeout} s for: {what}"
        time.sleep(0.2)
    return value


class PrivateSlurm:
    """Munge, a controller and two nodes; everything they write is in `folder`.

    `environment` points the clients, and snakemake, to this Slurm. The executor's job step drops
    SLURM_CONF before it calls srun, so a wrapper, first on the PATH, sets it again.
    """

    def __init__(self, folder):
        self.folder = folder
        self.daemons = {}
        self.user = pwd.getpwuid(os.getuid()).pw_name
        (folder / "bin").mkdir(parents=True)
        (folder / "state").mkdir()
        settings = folder / "slurm.conf"
        settings.write_text(
            SETTINGS.format(
                folder=folder,
                host=socket.gethostname().partition(".")[0],
                ports=free_ports(3),
                user=self.user,
            )
        )
        srun = folder / "bin" / "srun"
        srun.write_text(f'#!/bin/sh\nSLURM_CONF="{settings}" exec {find_program("srun")} "$@"\n')
        srun.chmod(0o755)
        path = f"{folder}/bin:{os.environ['PATH']}"
        self.environment = {**os.environ, "SLURM_CONF": str(settings), "PATH": path}

    def __enter__(self):
        try:
            self.start_munge()
            self.start_controller()
            for node in NODES:
                self.start_node(node)
            self.wait_for_nodes()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception):
        self.stop()

    def stop(self):
        """Cancel all jobs, then stop the daemons in reverse order."""
        if "slurmctld" in self.daemons:
            self.run("scancel", f"--user={self.user}")
            with suppress(AssertionError):
                wait_until(lambda: not self.run("squeue", "-h").stdout, "all jobs gone", 10)
        for node in self.daemons.keys() & set(NODES):
            self.crash_node(node)
        for daemon in reversed(self.daemons.values()):
            daemon.terminate()
            daemon.wait(timeout=PATIENCE)

    def start_munge(self):
        def file(kind):
            return f"{self.folder}/munge.{kind}"

        subprocess.run([find_program("mungekey"), "-c", "-k", file("key")], check=True)
        # Forced, because munge wants every folder above its socket to be open to everybody.
        options = [f"--{kind}-file={file(kind)}" for kind in ("key", "pid", "log", "seed")]
        socket_option = f"--socket={file('socket')}"
        self._spawn("munge", "munged", "--foreground", "--force", socket_option, *options)
        wait_until((self.folder / "munge.socket").exists, "munge")

    def start_controller(self):
        """Start the controller, which recovers its jobs."""
        self._spawn("slurmctld", "slurmctld", "-D")
        wait_until(lambda: self.run("scontrol", "ping").returncode == 0, "controller")

    def stop_controller(self):
        """Stop the controller, which saves its state; if killed, it would lose its newest jobs."""
        self.daemons["slurmctld"].terminate()
        self.daemons["slurmctld"].wait(timeout=PATIENCE)

    def start_node(self, node, hidden=None):
        """Start a node; it sees an empty folder in place of `hidden`."""
        command = [find_program("slurmd"), "-D", "-N", node]
        if hidden:
            script = 'mount -t tmpfs hidden "$0" && exec "$@"'
            command = ["unshare", "--mount", "sh", "-c", script, str(hidden), *command]
        self._spawn(node, *command)

    def wait_for_nodes(self):
        def idle():
            states = self.output("sinfo", "--noheader", "--Node", "--format=%N %T")
            return states.split("\n") == [f"{node} idle" for node in NODES]

        wait_until(idle, "both nodes idle")

    def crash_node(self, node):
        """Kill a node's daemon and all jobs on it at once, as a power cut would."""
        self.daemons[node].kill()
        for step in [p for p in psutil.process_iter() if self._is_step_of(node, p)]:
            for process in [step, *step.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        self.daemons[node].wait()

    def run(self, *command):
        """Run a Slurm client."""
        return subprocess.run(command, env=self.environment, capture_output=True, text=True)

    def output(self, *command):
        """Run a Slurm client, which must succeed, and return what it prints."""
        process = self.run(*command)
        assert process.returncode == 0, process.stderr
        return process.stdout.strip()

    def _is_step_of(self, node, process):
        """Recognize a node's step daemon by the socket it listens on."""
        with suppress(psutil.Error):
            if process.name() == "slurmstepd":
                folder = f"{self.folder}/{node}/"
                return any(s.laddr.startswith(folder) for s in process.net_connections("unix"))
        return False

    def _spawn(self, name, *command):
        with open(self.folder / f"{name}.out", "a") as log:
            self.daemons[name] = subprocess.Popen(
                [find_program(command[0]), *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,  # Ctrl-C reaches the tests only, which stop the daemons
            )
