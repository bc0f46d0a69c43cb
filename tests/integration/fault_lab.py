"""What tests of faults share: a sweep of two runs, a rank without mpirun, and system calls that fail."""

import errno
import os
import re
import subprocess

import program

LIBRARY = os.environ["MESASWEEP_FAULTS"]

# 2 runs of some milliseconds; in haste (faults.c) each of their steps makes a checkpoint.
SMALL = """\
name: tiny
set:
  train: {steps: 4, batch: 16, evaluations: 2}
  evaluation.tasks: 16
  checkpoint.minutes: 0.01
analyses: [gd]
grid:
  seed: {count: 2}
"""
ALONE = {"OMPI_COMM_WORLD_SIZE": "1", "OMPI_MCA_ess_singleton_isolated": "1", "OPENBLAS_NUM_THREADS": "1"}
PROGRESS = re.compile(r"\d+ of \d+ runs done.*\n")  # what is said when all is well
MISSING = "can't retrieve stat info for file"  # HDF5 tells no reason then


class Lab(program.Case):
    """Each start in a new folder, as one process (and those that it forks) that is a rank of its own."""

    def setUp(self):
        super().setUp()
        self.starts = 0
        self.write("tiny.yaml", SMALL)
        self.code(self.folder, "run", "tiny.yaml")
        self.calm = program.contents(self.folder / "tiny.h5")

    def place(self):
        """A new folder with the sweep in it."""
        self.starts += 1
        place = self.folder / str(self.starts)
        place.mkdir()
        (place / "tiny.yaml").write_text(SMALL)
        return place

    def alone(self, place, *arguments, rank=True, fault=None, haste=False, under=()):
        """(exit code, stdout, stderr, faults as "CALL PATH"); `fault` and `haste` are those of faults.c."""
        happened, counter = place / "happened", place / "counter"
        temporary = place / "tmp"  # of MPI: one that failed leaves its own there
        temporary.mkdir(exist_ok=True)
        env = {"TMPDIR": str(temporary), **(ALONE if rank else {})}
        if haste:
            env |= {"LD_PRELOAD": LIBRARY, "MESASWEEP_FAULT_HASTE": "1"}
        if fault:
            counter.unlink(missing_ok=True)
            env |= {"LD_PRELOAD": LIBRARY, "MESASWEEP_FAULT": fault, "MESASWEEP_FAULT_COUNTER": str(counter),
                    "MESASWEEP_FAULT_LOG": str(happened)}
        done = subprocess.run([*under, "env", *(f"{name}={value}" for name, value in env.items()), program.PROGRAM,
                               *map(str, arguments)], cwd=place, env=program.environment(), capture_output=True, text=True,
                              timeout=300)
        lines = happened.read_text().splitlines() if happened.exists() else []
        happened.unlink(missing_ok=True)
        return done.returncode, done.stdout, done.stderr, lines

    def finished(self, place):
        (place / "tiny.h5").write_bytes((self.folder / "tiny.h5").read_bytes())

    def changed(self, place):
        """Two runs are done, the third is new."""
        self.finished(place)
        (place / "tiny.yaml").write_text(SMALL.replace("count: 2", "count: 3"))

    def saved(self, place):
        """No run is done, of both there is a checkpoint: no status could be written in time."""
        code, _, err, _ = self.alone(place, "run", "tiny.yaml", fault=f"fdatasync {errno.EIO} 1 0 *tiny.h5", haste=True)
        self.assertEqual((code, err.count("\n")), (1, 1), err)
        self.assertEqual(len(list((place / "tiny.h5.checkpoints").iterdir())), 2)

    def code(self, place, *arguments):
        """The program without faults must say that all is well."""
        code, _, err, _ = self.alone(place, *arguments)
        self.assertEqual((code, PROGRESS.sub("", err)), (0, ""), f"{arguments} in {place.name}")

    def assertWhole(self, place):
        self.assertSameContents(program.contents(place / "tiny.h5"), self.calm, f"{place.name} and the calm one")

    def assertDoneRowsAreRight(self, place):
        """A row that says it is done has the bits of the calm file's."""
        if not (place / "tiny.h5").exists():
            return
        found = program.contents(place / "tiny.h5")
        status = found["results/status"]
        for row in [row for row, state in enumerate(status) if state == 2]:
            for name, value in found.items():
                if not name.startswith("results/") or name == "results/run" or len(value) % len(status):
                    continue
                part = slice(row * len(value) // len(status), (row + 1) * len(value) // len(status))
                self.assertEqual(value[part], self.calm[name][part], f"{name} of row {row} in {place.name}")
