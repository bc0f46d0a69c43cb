"""What the integration tests share: a folder, the program, its processes, and the bytes of a result file."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

import h5py

PROGRAM = os.environ["MESASWEEP"]
SOURCE = pathlib.Path(os.environ["MESASWEEP_SOURCE"])
STOPPED_EARLY = 75

# 9 runs (3 of 12 are dropped as equal) of some milliseconds each, of several shapes and layer kinds. All analyses would
# take twenty times as long: the text ends with those that are made.
TINY = """\
name: tiny
set:
  train: {steps: 60, batch: 32, evaluations: 7}
  evaluation.tasks: 128
grid:
  model.depth: [1, 2]
  tokens.kind: [joint, separate]
  seed: {count: 3}
when:
  - {if: {tokens.kind: separate}, set: {model.depth: 2, model.layers: "softmax linear", model.heads: 2}}
analyses: [gd, alignment, probe]
"""

# 12 runs alike, each of a second or so on a fast core: when one is done, others are at work and more are left.
LONG = (TINY.replace("depth: [1, 2]", "depth: [2]").replace("[joint, separate]", "[separate]")
        .replace("count: 3", "count: 12").replace("steps: 60", "steps: 8000"))


def environment(**more):
    """For mpirun in tests: as root, and with more ranks than cores."""
    return {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "OMPI_MCA_rmaps_base_oversubscribe": "1",
            "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe", **more}


def in_environment(pid, mark):
    """Whether that process has NAME=VALUE in its environment; not, when it is gone."""
    try:
        return mark.encode() in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def is_alive(pid):
    """Not when it has ended, also while nobody has waited for it yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def name(pid):
    """Of a process; "" when it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def processes(mark):
    """Every live process with NAME=VALUE in its environment."""
    pids = [entry.name for entry in pathlib.Path("/proc").iterdir() if entry.name.isdigit()]
    return [int(pid) for pid in pids if in_environment(pid, mark) and is_alive(pid)]


def children(pids):
    """The live ones of all threads of these processes."""
    found = []
    for path in [path for pid in pids for path in pathlib.Path(f"/proc/{pid}/task").glob("*/children")]:
        try:
            found += map(int, path.read_text().split())
        except OSError:
            pass
    return list(filter(is_alive, found))


def kill(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


class Job:
    """A started program and everything that it starts, known by a mark in their environment."""

    def __init__(self, folder, *arguments, under=()):
        self.mark = f"MESASWEEP_TEST={uuid.uuid4()}"
        name, value = self.mark.split("=")
        self.process = subprocess.Popen([*under, PROGRAM, *map(str, arguments)], cwd=folder, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, start_new_session=True,
                                        env=environment(**{name: value}))

    def pids(self):
        """Of every live process of the job, the launcher included."""
        return processes(self.mark)

    def roles(self):
        """{role: pids} of what lives below a launcher that lives: mpirun, coordinator (which is rank 0), rank, nursery, engine."""
        mpirun = children([self.process.pid])
        ranks = children(mpirun)
        first = [pid for pid in ranks if in_environment(pid, "OMPI_COMM_WORLD_RANK=0")]
        nurseries = children(ranks)
        return {"launcher": [self.process.pid], "mpirun": mpirun, "coordinator": first,
                "rank": [pid for pid in ranks if pid not in first], "nursery": nurseries, "engine": children(nurseries)}

    def kill_all(self):
        while pids := self.pids():
            kill(pids)
        self.process.communicate()

    def vanishes(self, seconds):
        """Whether no process of the job is left after at most that time."""
        end = time.monotonic() + seconds
        while self.pids():
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def wait(self, seconds=600):
        """(exit code, stdout, stderr)"""
        out, err = self.process.communicate(timeout=seconds)
        return self.process.returncode, out, err


class Case(unittest.TestCase):
    """A test in a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="mesasweep-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.jobs = []
        self.addCleanup(lambda: [job.kill_all() for job in self.jobs if job.pids()])

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return name

    def start(self, *arguments, under=()):
        """`under` is what starts the program: mpirun with its options."""
        self.jobs.append(Job(self.folder, *arguments, under=under))
        return self.jobs[-1]

    def run_program(self, *arguments, code=0, under=()):
        """stdout of the program, which must end with that code and, when it succeeds, say nothing wrong."""
        got, out, err = self.start(*arguments, under=under).wait()
        self.assertEqual(got, code, f"{arguments}: {out}{err}")
        return out

    def run_json(self, command, *arguments, form=None, code=0):
        """What --json of a command prints, without its form and version (src/json.md), which are checked."""
        found = json.loads(self.run_program(command, *arguments, "--json", code=code))
        self.assertEqual((found.pop("form"), found.pop("version")), (f"mesasweep {form or command}", 1))
        return found

    def status(self, file):
        return self.run_json("status", file)

    def listing(self):
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))

    def wait_until(self, what, is_so, seconds=240):
        end = time.monotonic() + seconds
        while not is_so():
            self.assertLess(time.monotonic(), end, f"not after {seconds} s: {what}")
            time.sleep(0.05)

    def wait_for(self, file, count, state):
        """Reads the file, live, until that many runs are in that state."""
        self.wait_until(f"{count} runs of {file} are {state}",
                        lambda: (self.folder / file).exists() and self.status(file)[state] >= count)

    def wait_for_done(self, file, count):
        self.wait_for(file, count, "done")

    def assertSameResults(self, file, other):
        """Every column that is not volatile and every weight, bit for bit."""
        self.assertSameContents(contents(self.folder / file), contents(self.folder / other), f"{file} and {other}")

    def assertSameContents(self, one, two, files):
        self.assertEqual(one.keys(), two.keys())
        for name in one:
            self.assertEqual(one[name], two[name], f"{name} of {files}")


def contents(path):
    """{name: bytes} of every dataset of which each start of the same sweep must make the same."""
    found = {}
    with h5py.File(path, "r") as file:
        def visit(name, item):
            if isinstance(item, h5py.Dataset) and not re.match(r"log/", name):
                value = item[()]
                found[name] = value.tobytes() if value.dtype != object else b"\n".join(value.ravel().tolist())
        file.visititems(visit)
    return found


SKIPPED = 77  # what ctest takes for skipped


def main():
    result = unittest.main(verbosity=2, exit=False).result
    if result.wasSuccessful() and result.testsRun == len(result.skipped):
        sys.exit(SKIPPED)
    sys.exit(not result.wasSuccessful())
