"""Without this a full file system, a limit of the shell, a file that goes away or one that can not be read could spoil
results, or not be told. OUTSIDE_LONG: also while runs are at work."""

import errno
import os
import re
import shutil
import subprocess
import unittest

import fault_lab
import program

LONG = "OUTSIDE_LONG" in os.environ
LOST = "tiny.h5: {} while runs were written to it; this job stops"
ACTIONS = (  # what happens to the file while it is written, what is said
    ("rm tiny.h5", LOST.format("was removed or renamed")),
    ("mv tiny.h5 other.h5", LOST.format("was removed or renamed")),
    ("cp tiny.h5 copy.h5 && mv copy.h5 tiny.h5", LOST.format("another file took its place")),
    ("truncate -s 1000 tiny.h5", LOST.format("was cut off") + ": 1000 of"),
)
UNSAVED = (r"\S+/tiny\.h5\.checkpoints/[0-9a-f]{16}: can not write the checkpoint: No space left on device \(rank 0 on \S+\); "
           r"a run that is stopped loses what it did since its last one\n")
LEFT_OUT = UNSAVED.replace("No space left on device", "No such file or directory")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
DAMAGED = r"\S+/tiny\.h5\.checkpoints/[0-9a-f]{16}: the checkpoint is damaged or not of this run \(rank 0 on \S+\); the run starts anew\n"
ROOM = "there is room for 0.0 MB; free some space"
LIMITS = (  # of the shell, the words, what is said
    ("-f 20", ("run", "tiny.yaml", "-o", "new.h5", "--yes"), ROOM),
    ("-f 1", ("export", "tiny.h5", "--json", "-o", "tiny.json"), "tiny.json: can not be written: File too large"),
    ("-n 4", ("status", "tiny.h5"), "tiny.h5: can not open: Too many open files"),
)


class Outside(fault_lab.Lab):
    def test_a_file_that_goes_away_ends_the_job(self):
        for action, line in ACTIONS:
            with self.subTest(action):
                place = self.place()
                job = self.start("run", "tiny.yaml", "train.steps=100000000", "-o", place / "tiny.h5", "--ranks", 1)
                self.wait_for(place / "tiny.h5", 1, "running")
                subprocess.run(action, shell=True, cwd=place, check=True)
                code, _, err = job.wait()
                said = fault_lab.PROGRESS.sub("", err).replace(f"{place}/", "")
                self.assertEqual((code, said[:len(line)], said.count("\n")), (1, line, 1), err)

    def test_a_limit_of_the_shell_is_told(self):
        for limit, words, line in LIMITS:
            with self.subTest(limit):
                place = self.place()
                (place / "tiny.h5").write_bytes((self.folder / "tiny.h5").read_bytes())
                code, _, err, _ = self.alone(place, *words, rank=False,
                                             under=("bash", "-c", f'ulimit {limit}; exec "$@"', "bash"))
                self.assertEqual((code, err.count("\n")), (1, 1), err)
                self.assertIn(line, err)
                self.assertEqual({path.name for path in place.iterdir()}, {"tiny.yaml", "tiny.h5", "tmp"})
                self.assertWhole(place)

    def test_a_limit_of_address_space_is_told_and_stops_no_reader(self):
        """OpenBLAS asks for ever for memory that it is refused."""
        under = ("bash", "-c", 'ulimit -v 150000; exec "$@"', "bash")
        place = self.place()
        code, _, err, _ = self.alone(place, "run", "tiny.yaml", under=under)
        self.assertEqual(code, 1, err)
        self.assertRegex(err.partition("-----")[0], r"^[^\n]*(no memory|can not start a thread)[^\n]*\n$")
        code, _, err, _ = self.alone(place, "status", "tiny.h5", rank=False, under=under)
        self.assertEqual((code, err), (0, ""))
        self.code(place, "run", "tiny.yaml")
        self.assertWhole(place)

    def test_a_rank_refuses_a_damaged_file_in_one_line(self):
        """Its launcher, if it is not mpirun itself, has had no look at it."""
        place = self.place()
        (place / "tiny.h5").write_bytes((self.folder / "tiny.h5").read_bytes()[:-9000])
        code, _, err, _ = self.alone(place, "run", "tiny.yaml")
        self.assertEqual((code, err.count("\n")), (2, 1), err)
        self.assertRegex(err, r"^tiny\.h5: is cut off: \d+ of \d+ bytes are there; copy it again\n$")

    def mount(self, place, size):
        """A small file system of its own there."""
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("mount needs root: " + mounted.stderr.decode().strip())
        self.addCleanup(subprocess.run, ["umount", "-l", str(place)])

    def fill(self, place):
        """Takes all room that is left there."""
        with open(place / "ballast", "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError as error:
                self.assertEqual(error.errno, errno.ENOSPC)

    def assertSaid(self, pattern, found):
        """Exit code 0, and nothing said but that."""
        code, _, err, _ = found
        self.assertEqual(code, 0, err)
        self.assertRegex(fault_lab.PROGRESS.sub("", err), f"^{pattern}$")

    def test_checkpoints_that_are_of_no_use_are_told_once(self):
        place = self.place()
        self.assertSaid(UNSAVED, self.alone(place, "run", "tiny.yaml", fault=f"pwrite {errno.ENOSPC} 1 0 *.checkpoints/*", haste=True))
        self.assertWhole(place)
        place = self.place()
        self.saved(place)
        for path in (place / "tiny.h5.checkpoints").iterdir():
            path.write_bytes(path.read_bytes()[:-1] + b"?")
        self.assertSaid(DAMAGED, self.alone(place, "resume", "tiny.h5"))
        self.assertWhole(place)

    def test_a_file_system_that_gets_full_costs_only_checkpoints(self):
        """That of the file, in which all rows have their place; then that of the checkpoints alone."""
        calm = self.place()
        self.changed(calm)
        self.code(calm, "run", "tiny.yaml")
        self.calm = program.contents(calm / "tiny.h5")
        for of, size in ((".", "1m"), ("tiny.h5.checkpoints", "64k")):
            with self.subTest(of):
                place = self.place()
                (place / of).mkdir(exist_ok=True)
                self.mount(place / of, size)
                self.changed(place)
                code, _, err, _ = self.alone(place, "run", "tiny.yaml", fault=f"fdatasync {errno.EIO} 1 0 *tiny.h5")
                self.assertEqual(code, 1, err)
                self.fill(place / of)
                if of == ".":
                    code, _, err, _ = self.alone(place, "resume", "tiny.h5")
                    self.assertEqual((code, err), (1, "tiny.h5.lock: can not write: No space left on device\n"))
                    self.assertDoneRowsAreRight(place)
                    os.truncate(place / "ballast", (place / "ballast").stat().st_size - 4096)  # the lock's
                self.assertSaid(UNSAVED, self.alone(place, "resume", "tiny.h5", haste=True))
                self.assertWhole(place)

    def test_a_file_system_that_is_full_at_creation_takes_the_sweep_when_it_has_grown(self):
        place = self.place()
        self.mount(place, "32k")
        (place / "tiny.yaml").write_text(fault_lab.SMALL)
        code, _, err, _ = self.alone(place, "run", "tiny.yaml", "--yes")
        self.assertEqual(code, 1, err)
        self.assertIn(ROOM, err)
        subprocess.run(["mount", "-o", "remount,size=8m", str(place)], check=True)
        self.code(place, "run", "tiny.yaml")
        self.assertWhole(place)

    def disturb(self, place, action, under=()):
        """The job, in haste, after something happened while a run of it was at work; None when it came too late."""
        job = self.start("run", place / "tiny.yaml", "-o", place / "tiny.h5", "--ranks", 1,
                         under=(*under, "env", f"LD_PRELOAD={fault_lab.LIBRARY}", "MESASWEEP_FAULT_HASTE=1", f"HOME={place}"))
        self.wait_until("a run is at work", lambda: job.process.poll() is not None or (
            (place / "tiny.h5").exists() and self.status(place / "tiny.h5")["running"] > 0))
        action(job)
        if job.process.poll() is None and self.status(place / "tiny.h5")["done"] == 0:
            return job
        job.kill_all()
        return None

    def at_work(self, action, size=None, of=".", under=()):
        """(place, job) of a sweep that takes long enough; `size`: of a file system of its own there."""
        steps = 1000
        while True:
            steps *= 4
            sweep = fault_lab.SMALL.replace("steps: 4", f"steps: {steps}")
            calm, place = self.place(), self.place()
            for each in calm, place:
                if each == place and size:
                    (place / of).mkdir(exist_ok=True)
                    self.mount(place / of, size)
                (each / "tiny.yaml").write_text(sweep)
                for path in self.folder, each:
                    path.chmod(0o777)
            self.code(calm, "run", "tiny.yaml")
            self.calm = program.contents(calm / "tiny.h5")
            job = self.disturb(place, lambda job: action(job, place), under)
            if job:
                return place, job

    def assertGoesOn(self, place, job, pattern):
        code, _, err = job.wait()
        self.assertEqual(code, 0, err)
        said = re.sub(r"\d+/\d+ done.*\n", "", fault_lab.PROGRESS.sub("", err))
        self.assertRegex(said, f"^({pattern})$")
        self.assertWhole(place)

    @unittest.skipUnless(LONG, "takes long")
    def test_files_that_can_not_be_read_any_more_or_go_away_cost_nothing(self):
        if os.geteuid() != 0 or subprocess.run([*NOBODY, program.PROGRAM, "version"], capture_output=True).returncode != 0:
            self.skipTest("needs root and setpriv")

        def close(_, place):
            (place / "tiny.h5").chmod(0)
            shutil.rmtree(place / "tiny.h5.checkpoints", ignore_errors=True)

        place, job = self.at_work(close, under=NOBODY)
        code, _, err, _ = self.alone(place, "status", "tiny.h5", rank=False, under=NOBODY)
        self.assertEqual((code, err), (2, "tiny.h5: can not open: Permission denied\n"))
        self.assertGoesOn(place, job, f"({LEFT_OUT})?")
        code, _, err, _ = self.alone(place, "resume", "tiny.h5", rank=False, under=NOBODY)
        self.assertEqual((code, err), (2, "tiny.h5: can not open: Permission denied\n"))
        (place / "tiny.h5").chmod(0o644)
        code, _, err, _ = self.alone(place, "resume", "tiny.h5", rank=False, under=NOBODY)
        self.assertEqual((code, err), (0, ""))

    @unittest.skipUnless(LONG, "takes long")
    def test_a_file_system_that_gets_full_while_runs_are_at_work_costs_only_checkpoints(self):
        for of, size in ((".", "2m"), ("tiny.h5.checkpoints", "64k")):
            with self.subTest(of):
                self.assertGoesOn(*self.at_work(lambda _, place, of=of: self.fill(place / of), size, of), UNSAVED)
        place, job = self.at_work(lambda _, place: self.fill(place), "2m")
        job.kill_all()
        self.assertDoneRowsAreRight(place)
        (place / "ballast").unlink()
        self.code(place, "resume", "tiny.h5")
        self.assertWhole(place)


program.main()
