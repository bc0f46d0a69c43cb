"""A Slurm of several nodes on this machine, for tests: nodes share the host but have daemons of their own."""

import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import program

DAEMONS = ("munged", "slurmctld", "slurmd")
CLIENTS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo")
NODES = ("n1", "n2", "n3")

# Some are done and some at work for half a dozen seconds on two fast cores.
SWEEP = program.LONG.replace("steps: 8000", "steps: 15000").replace("count: 12", "count: 8")

# cred_expire: a requeued job waits for its credentials to expire, two minutes if nothing is said.
CONFIG = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
TmpFS={folder}/tmp.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
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
KillWait=5
MailProg=/bin/true
SlurmdParameters=config_overrides
PropagateResourceLimits=NONE
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
NODE = "NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2 CoresPerSocket=2 RealMemory=2000\n"


def find(command):
    return shutil.which(command, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_ports(count):
    """None of those that the system gives to whoever asks for any."""
    ports = iter(random.sample(range(10000, 32000), 1000))
    return [next(filter(is_free, ports)) for _ in range(count)]


def skip_unless_possible():
    """Ends the script, as skipped, where there can be no Slurm."""
    missing = [command for command in (*DAEMONS, *CLIENTS) if not find(command)]
    reason = f"{missing[0]} is not installed" if missing else "a Slurm of one's own needs root"
    if missing or os.geteuid() != 0:
        print(f"SKIP: {reason}")
        sys.exit(program.SKIPPED)


def parent(pid):
    try:
        return int((pathlib.Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def kill_all(mark):
    while pids := program.processes(mark):
        program.kill(pids)


class Lab:
    """Whatever it starts has its mark, and is killed when the test ends in any way: a guard outlives the test."""

    def __init__(self, folder):
        self.folder, self.daemons = folder, {}
        folder.chmod(0o755)
        (folder / "state").mkdir()
        key = folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        host = socket.gethostname().split(".")[0]
        self.config = folder / "slurm.conf"
        first, *others = free_ports(1 + len(NODES))
        self.config.write_text(CONFIG.format(host=host, folder=folder, port=first) + "".join(
            NODE.format(node=node, host=host, port=port) for node, port in zip(NODES, others)))
        # Shared memory would be mixed up between nodes that are one host.
        self.environment = program.environment(
            SLURM_CONF=str(self.config), OMPI_MCA_btl="tcp,self",
            PATH=f"{pathlib.Path(program.PROGRAM).parent}:{os.environ['PATH']}")
        self.guard = subprocess.Popen(["setsid", "--fork", sys.executable, "-B", __file__, self.mark()],
                                      stdin=subprocess.PIPE)

    def start(self):
        """The reason why it does not work here, or None."""
        folder = self.folder
        self.daemon("munged", "munged", "--foreground", "--force", f"--key-file={folder}/munge.key",
                    f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid",
                    f"--seed-file={folder}/munged.seed", f"--log-file={folder}/munged.log")
        if not self.comes(lambda: (folder / "munge.socket").exists()):
            return f"munged does not start: {self.logs()}"
        self.daemon("slurmctld", "slurmctld", "-D", "-c", "-f", self.config)
        for node in NODES:
            self.start_node(node)
        if not self.comes(lambda: self.idle_nodes() == len(NODES)):
            return f"Slurm's nodes do not come up: {self.logs()}"
        return None

    def idle_nodes(self):
        return len(self.ask("sinfo", "-h", "-N", "-t", "idle", "-o", "%N").split())

    def start_node(self, node):
        for own in ("spool", "tmp"):
            (self.folder / f"{own}.{node}").mkdir(exist_ok=True)
        self.daemon(node, "slurmd", "-D", "-N", node, "-f", self.config)

    def daemon(self, key, command, *arguments):
        with open(self.folder / f"{key}.out", "a") as out:
            self.daemons[key] = subprocess.Popen([find(command), *map(str, arguments)], env=self.environment,
                                                 stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    def lose_node(self, node):
        """As when its power fails: its daemon, then the steps and what they run."""
        self.lose_daemon(node)
        while pids := set(self.processes()) & set(program.processes(f"SLURMD_NODENAME={node}")):
            program.kill({parent(pid) for pid in pids if program.name(parent(pid)).startswith("slurmstepd")} | pids)

    def lose_daemon(self, node):
        self.daemons[node].kill()
        self.daemons[node].wait()

    def mark(self):
        return f"SLURM_CONF={self.config}"

    def processes(self):
        """All of the lab, daemons among them."""
        return program.processes(self.mark())

    def comes(self, what, seconds=30):
        end = time.monotonic() + seconds
        while not what():
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def logs(self):
        return "".join(f"{path.name}: {path.read_text()}" for path in self.folder.glob("*.out"))

    def ask(self, *command, cwd=None):
        """What a client of Slurm answers; both outputs."""
        run = subprocess.run(list(map(str, command)), env=self.environment, cwd=cwd, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        return run.stdout.strip()

    def cancel_all(self):
        self.ask("scancel", "--user=root", "--full", "--signal=KILL")
        self.ask("scancel", "--user=root")

    def stop(self):
        for daemon in reversed(self.daemons.values()):
            daemon.kill()
            daemon.wait()
        self.daemons = {}
        kill_all(self.mark())
        self.guard.stdin.close()
        self.guard.wait()


class Case(program.Case):
    """Tests that share one lab."""

    @classmethod
    def setUpClass(cls):
        cls.calm = {}  # contents of the result file of each sweep that was needed
        for _ in range(3):  # a port may be taken between the look and the use
            folder = tempfile.TemporaryDirectory(prefix="mesasweep-slurm-")
            cls.addClassCleanup(folder.cleanup)
            cls.lab = Lab(pathlib.Path(folder.name))
            cls.addClassCleanup(cls.lab.stop)
            reason = cls.lab.start()
            if not reason:
                return
            cls.lab.stop()
        raise unittest.SkipTest(f"SKIP: {reason}")

    def setUp(self):
        super().setUp()
        self.addCleanup(self.clear)
        self.write("tiny.yaml", SWEEP)

    def clear(self):
        """The next test finds an empty queue and all nodes."""
        self.lab.cancel_all()
        self.assertTrue(self.lab.comes(lambda: self.lab.ask("squeue", "-h") == "", 60), self.lab.ask("squeue"))

    def script(self, name, tasks, nodes=1):
        """One of those that are shipped, for fewer tasks."""
        text = (program.SOURCE / "slurm" / name).read_text()
        self.assertIn("--ntasks=64", text)
        return self.write(name, text.replace("--ntasks=64", f"--ntasks={tasks} --nodes={nodes}"))

    def submit(self, *words):
        """Its number."""
        said = self.lab.ask("sbatch", *words, cwd=self.folder)
        found = re.search(r"Submitted batch job (\d+)", said)
        self.assertTrue(found, said)
        return int(found.group(1))

    def batch_jobs(self):
        """{number: {field: what Slurm says of it}} of this test's"""
        lines = self.lab.ask("scontrol", "-o", "show", "job").splitlines()
        jobs = [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in lines if line.startswith("JobId=")]
        return {int(job["JobId"]): job for job in jobs if job["WorkDir"] == str(self.folder)}

    def wait_for(self, what, seconds=120):
        if not self.lab.comes(what, seconds):
            self.fail(f"{self.batch_jobs()}\n{self.output()}\n{self.lab.logs()}")

    def wait_for_state(self, job, *states):
        """What Slurm says of the job then."""
        self.wait_for(lambda: self.batch_jobs()[job]["JobState"] in states)
        return self.batch_jobs()[job]

    def wait_until_done(self, file, least, most=1 << 30):
        """Some runs are done and the job is in the middle of others."""
        self.wait_for(lambda: (self.folder / file).exists() and self.status(file)["done"] >= least)
        self.assertLess(self.status(file)["done"], most, "the sweep is too short for this machine")

    def wait_until_running(self, file, count):
        self.wait_for(lambda: (self.folder / file).exists() and self.status(file)["running"] == count)

    def output(self):
        return {path.name: path.read_text() for path in self.folder.glob("slurm-*.out")}

    def assertWhole(self, file, sweep="tiny.yaml"):
        """Every run is done, and the results are those of a quiet machine without Slurm."""
        status = self.status(file)
        self.assertEqual(status["done"], status["runs"], self.output())
        text = (self.folder / sweep).read_text()
        if text not in self.calm:
            self.run_program("run", sweep, "-o", "calm.h5", "--ranks", 2)
            self.calm[text] = program.contents(self.folder / "calm.h5")
        self.assertSameContents(program.contents(self.folder / file), self.calm[text], file)


if __name__ == "__main__":  # the guard: its input ends when the test does
    sys.stdin.read()
    kill_all(sys.argv[1])
