"""Without this ranks on several hosts, between which there is only a network, could differ from those on one."""

import atexit
import os
import shutil
import subprocess
import sys

import h5py

import program

# mpirun's way to another host: into its network, under its name.
AGENT = """\
#!/bin/sh
number=${{1##*.}}
shift
exec ip netns exec {prefix}$number unshare --uts sh -c "hostname host$number && $*"
"""


class Refused(Exception):
    """This machine does not let a test make hosts."""


def ip(*words):
    run = subprocess.run(["ip", *map(str, words)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if run.returncode != 0:
        raise Refused(f"ip {' '.join(map(str, words))}: {run.stderr.strip()}")
    return run.stdout


class Hosts:
    """Network namespaces, joined by a bridge in one of their own; addresses end in the number of the host."""

    NETWORK = "10.213.7."

    def __init__(self, count):
        self.prefix, self.count, self.made = f"mesasweep{os.getpid()}-", count, []
        atexit.register(self.remove)
        self.add("hub")
        ip("-n", f"{self.prefix}hub", "link", "add", "bridge", "type", "bridge")
        ip("-n", f"{self.prefix}hub", "link", "set", "bridge", "up")
        for number in range(1, count + 1):
            self.add(number)
            self.join(number)

    def add(self, name):
        ip("netns", "add", f"{self.prefix}{name}")
        self.made.append(name)

    def join(self, number):
        hub, host = f"{self.prefix}hub", f"{self.prefix}{number}"
        ip("-n", hub, "link", "add", f"to{number}", "type", "veth", "peer", "name", "net", "netns", host)
        ip("-n", hub, "link", "set", f"to{number}", "master", "bridge", "up")
        ip("-n", host, "addr", "add", f"{self.NETWORK}{number}/24", "dev", "net")
        for link in ("lo", "net"):
            ip("-n", host, "link", "set", link, "up")

    def mpirun(self, folder, ranks):
        """Started on host 1, as many ranks on each."""
        agent = folder / "agent"
        agent.write_text(AGENT.format(prefix=self.prefix))
        agent.chmod(0o755)
        settings = {"plm_rsh_agent": str(agent), "plm_rsh_no_tree_spawn": "1", "btl": "tcp,self", "btl_tcp_if_include": "net",
                    "oob_tcp_if_include": "net"}
        hosts = ",".join(f"{self.NETWORK}{number}:{ranks}" for number in range(1, self.count + 1))
        return (str(agent), f"{self.NETWORK}1", "exec", "mpirun", "-q", "--bind-to", "none", "--host", hosts,
                *(word for name, value in settings.items() for word in ("--mca", name, value)))

    def pids(self, name):
        return [int(pid) for pid in ip("netns", "pids", f"{self.prefix}{name}").split()]

    def remove(self):
        for name in self.made:
            while pids := self.pids(name):
                program.kill(pids)
            ip("netns", "del", f"{self.prefix}{name}")
        self.made = []


class SeveralHosts(program.Case):
    @classmethod
    def setUpClass(cls):
        cls.hosts = HOSTS

    def setUp(self):
        super().setUp()
        self.write("tiny.yaml", program.LONG)

    def start_on_hosts(self):
        return self.start("run", "tiny.yaml", under=self.hosts.mpirun(self.folder, 2))

    def assertWhole(self):
        self.run_program("run", "tiny.yaml", "-o", "calm.h5", "--ranks", 2)
        self.assertSameResults("calm.h5", "tiny.h5")

    def test_three_hosts_make_the_results_of_one(self):
        code, out, err = self.start_on_hosts().wait()
        self.assertEqual(code, 0, out + err)
        with h5py.File(self.folder / "tiny.h5", "r") as file:
            names = {b"".join(name).decode().rstrip("\0") for name in file["log/host"][()]}
        self.assertEqual(names, {"host1", "host2", "host3"})
        self.assertWhole()

    def test_the_loss_of_a_host_ends_the_job_and_the_next_one_goes_on(self):
        job = self.start_on_hosts()
        self.wait_for_done("tiny.h5", 1)
        program.kill(self.hosts.pids(2))
        code, out, err = job.wait()
        self.assertNotEqual(code, 0, out + err)
        self.assertTrue(job.vanishes(20))
        done = self.status("tiny.h5")["done"]
        self.assertGreaterEqual(done, 1)
        code, out, err = self.start_on_hosts().wait()
        self.assertEqual(code, 0, out + err)
        self.assertIn(f"12 of 12 runs done; {12 - done} in ", err)
        self.assertWhole()


def make_hosts():
    for needed in ("ip", "unshare", "mpirun"):
        if not shutil.which(needed):
            raise Refused(f"{needed} is not installed")
    if os.geteuid() != 0:
        raise Refused("hosts of one's own need root")
    return Hosts(3)


try:
    HOSTS = make_hosts()
except Refused as reason:
    print(f"SKIP: {reason}")
    sys.exit(program.SKIPPED)
program.main()
