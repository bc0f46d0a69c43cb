"""Without this the batch script that users start from could lose its chain, or Slurm's warning signal could go unheard."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time

import program

DAEMONS = ("munged", "slurmctld", "slurmd")
# Long enough to be warned in its middle: a dozen seconds on two fast cores.
SWEEP = program.TINY.replace("steps: 60", "steps: 15000").replace("count: 3", "count: 4")

CONFIG = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MailProg=/bin/true
SlurmdParameters=config_overrides
PropagateResourceLimits=NONE
NodeName={host} NodeAddr=127.0.0.1 Port={node} CPUs=2 CoresPerSocket=2 RealMemory=500
PartitionName=test Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(program.SKIPPED)


def find(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Lab:
    """A Slurm of one node on this machine; its daemons are children of the test and end with it."""

    def __init__(self, folder):
        self.folder, self.daemons = folder, []
        folder.chmod(0o755)
        for name in ("state", "spool"):
            (folder / name).mkdir()
        key = folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        config = folder / "slurm.conf"
        config.write_text(CONFIG.format(host=socket.gethostname().split(".")[0], folder=folder,
                                        controller=free_port(), node=free_port()))
        self.environment = program.environment(
            SLURM_CONF=str(config), PATH=f"{pathlib.Path(program.PROGRAM).parent}:{os.environ['PATH']}")

    def start(self):
        """The reason why it does not work here, or None."""
        folder = self.folder
        self.daemon("munged", "--foreground", "--force", f"--key-file={folder}/munge.key",
                    f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid",
                    f"--seed-file={folder}/munged.seed", f"--log-file={folder}/munged.log")
        end = time.monotonic() + 10
        while not (folder / "munge.socket").exists():
            if time.monotonic() > end:
                return "munged does not start here"
            time.sleep(0.05)
        self.daemon("slurmctld", "-D", "-c", "-f", folder / "slurm.conf")
        self.daemon("slurmd", "-D", "-f", folder / "slurm.conf")
        end = time.monotonic() + 20
        while self.ask("sinfo", "-h", "-t", "idle", "-o", "%N") == "":
            if time.monotonic() > end:
                return f"Slurm's node does not come up here: {self.logs()}"
            time.sleep(0.2)
        return None

    def daemon(self, name, *arguments):
        with open(self.folder / f"{name}.out", "w") as out:
            self.daemons.append(subprocess.Popen([find(name), *map(str, arguments)], env=self.environment,
                                                 stdout=out, stderr=out, stdin=subprocess.DEVNULL))

    def logs(self):
        return "".join((self.folder / f"{name}.out").read_text() for name in DAEMONS)

    def ask(self, *command, cwd=None):
        run = subprocess.run(command, env=self.environment, cwd=cwd, capture_output=True, text=True, timeout=60)
        return run.stdout.strip()

    def stop(self):
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


class Slurm(program.Case):
    def setUp(self):
        super().setUp()
        folder = self.folder / "slurm"
        folder.mkdir()
        self.lab = Lab(folder)
        self.addCleanup(self.lab.stop)
        self.addCleanup(lambda: self.lab.ask("scancel", "-u", "root", "--full", "--signal=KILL"))
        reason = self.lab.start()
        if reason:
            self.skipTest(reason)

    def batch_jobs(self):
        """{number: what Slurm says of it}"""
        text = self.lab.ask("scontrol", "-o", "show", "job")
        return {int(number): line for line in text.splitlines() for number in re.findall(r"^JobId=(\d+)", line)}

    def wait_for(self, what, seconds=90):
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end:
                self.fail(f"{self.batch_jobs()}\n{self.output()}\n{self.lab.logs()}")
            time.sleep(0.2)

    def output(self):
        return {path.name: path.read_text() for path in self.folder.glob("slurm-*.out")}

    def test_a_warned_job_stops_in_order_and_its_chain_finishes_the_sweep(self):
        self.write("tiny.yaml", SWEEP)
        script = (program.SOURCE / "slurm/sweep.sbatch").read_text()
        self.assertIn("--ntasks=64", script)
        self.write("sweep.sbatch", script.replace("--ntasks=64", "--ntasks=2"))
        first = int(re.search(r"\d+", self.lab.ask("sbatch", "sweep.sbatch", "tiny.yaml", cwd=self.folder)).group())
        self.wait_for(lambda: (self.folder / "tiny.h5").exists() and self.status("tiny.h5")["done"] > 0)
        self.lab.ask("scancel", "--signal=USR1", "--batch", str(first))
        self.wait_for(lambda: "JobState=FAILED" in self.batch_jobs()[first])
        self.assertIn(f"ExitCode={program.STOPPED_EARLY}:0", self.batch_jobs()[first], self.output())
        self.wait_for(lambda: len(self.batch_jobs()) == 2 and "JobState=COMPLETED" in self.batch_jobs()[max(self.batch_jobs())])
        status = self.status("tiny.h5")
        self.assertEqual(status["done"], status["runs"], self.output())
        self.run_program("run", "tiny.yaml", "-o", "calm.h5", "--ranks", 2)
        self.assertSameResults("calm.h5", "tiny.h5")


if os.geteuid() != 0:
    skip("a Slurm of one's own needs root")
for needed in (*DAEMONS, "sbatch", "scancel", "scontrol", "sinfo"):
    if not find(needed):
        skip(f"{needed} is not installed")
program.main()
