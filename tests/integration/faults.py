"""Without this a failing disk, a file system without locks or a clock that jumps could spoil results, and nobody would be told."""

import errno
import math
import os
import signal
import time

import h5py

import program

LIBRARY = os.environ["MESASWEEP_FAULTS"]
LINE = "tiny.h5: can not write to disk: {}; runs since the last good write are pending, resume when there is room"
DAY = 86400
RUNNING = 1  # in results/status


class Faults(program.Case):
    calm = None  # contents of the file without faults

    def setUp(self):
        super().setUp()
        self.write("tiny.yaml", program.TINY)
        if not Faults.calm:
            self.run_program("run", "tiny.yaml", "-o", "calm.h5", "--ranks", 1)
            Faults.calm = program.contents(self.folder / "calm.h5")

    def fault(self, call, value, first=1, count=0, path="*tiny.h5"):
        """What starts a program of which these calls fail, see faults.c."""
        return ("env", f"LD_PRELOAD={LIBRARY}", f"MESASWEEP_FAULT={call} {value} {first} {count} {path}",
                f"MESASWEEP_FAULT_LOG={self.folder}/happened")

    def happened(self):
        """How many faults there were since the last time."""
        log = self.folder / "happened"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return len(lines)

    def assertWhole(self):
        self.assertSameContents(program.contents(self.folder / "tiny.h5"), self.calm, "tiny.h5 and the calm one")

    def assertDoneRowsAreRight(self):
        with h5py.File(self.folder / "tiny.h5") as file:
            runs = file["results"]
            for row in [row for row, status in enumerate(runs["status"]) if status == 2]:
                for name in ("run", "checksum", "train_loss", "test_loss"):
                    value = runs[name][()]
                    width = len(Faults.calm[f"results/{name}"]) // len(value)
                    right = Faults.calm[f"results/{name}"][row * width:(row + 1) * width]
                    self.assertEqual(value[row] + b"\n" if name == "run" else value[row].tobytes(), right, name)

    def test_a_sync_that_fails_once_is_made_good(self):
        for first in (1, 2):  # of records, of statuses
            with self.subTest(first=first):
                self.run_program("run", "tiny.yaml", "--ranks", 1, under=self.fault("fdatasync", errno.EIO, first, 1))
                self.assertEqual(self.happened(), 1)
                self.assertWhole()
                (self.folder / "tiny.h5").unlink()

    def test_a_disk_that_takes_no_more_ends_the_sweep_and_resume_goes_on(self):
        for call, first, number in (("fdatasync", 1, errno.EIO), ("fdatasync", 2, errno.ENOSPC), ("pwrite", 1, errno.ENOSPC)):
            with self.subTest(call, first=first):
                code, _, err = self.start("run", "tiny.yaml", "--ranks", 1, under=self.fault(call, number, first)).wait()
                self.assertEqual((code, err.splitlines()), (1, [LINE.format(os.strerror(number))]))
                self.assertGreaterEqual(self.happened(), 2)  # all was written once more
                self.assertDoneRowsAreRight()
                self.run_program("resume", "tiny.h5", "--ranks", 1)
                self.assertWhole()
                (self.folder / "tiny.h5").unlink()

    def test_without_locks_the_heartbeat_keeps_a_second_writer_out(self):
        no_locks = self.fault("flock", errno.ENOLCK, path="*.lock")
        first = self.start("run", "tiny.yaml", "train.steps=100000000", "-o", "long.h5", "--ranks", 1, under=no_locks)
        self.wait_for("long.h5", 1, "running")
        code, out, err = self.start("resume", "long.h5", "--ranks", 1, under=no_locks).wait()
        self.assertEqual((code, out), (2, ""))
        self.assertRegex(err, r"^long.h5: process \d+ on \S+ writes it \(heartbeat \d+ s ago\); wait until it has ended, "
                              r"or give --break-lock if it is gone\n$")
        first.kill_all()
        second = self.start("resume", "long.h5", "--ranks", 1, under=no_locks)
        self.wait_for("long.h5", 1, "running")
        second.kill_all()
        no_such_call = self.fault("flock", errno.EOPNOTSUPP, path="*.lock")
        self.run_program("run", "tiny.yaml", "--ranks", 1, under=no_such_call)
        self.assertGreaterEqual(self.happened(), 3)
        self.assertWhole()

    def seconds_at_work(self):
        """Of the work that the run goes on from, as its row has it; None: it is not at work."""
        with h5py.File(self.folder / "long.h5") as file:
            return file["log/seconds"][0] if file["results/status"][0] == RUNNING else None

    def test_a_run_whose_checkpoint_is_read_late_has_the_seconds_of_its_earlier_work(self):
        one = ("seed=1", "model.depth=1", "tokens.kind=joint", "train.steps=100000000")
        job = self.start("run", "tiny.yaml", *one, "-o", "long.h5", "--ranks", 1)
        self.wait_for("long.h5", 1, "running")
        time.sleep(3)  # what a drain saves is at least two seconds of training
        job.process.send_signal(signal.SIGUSR1)
        self.assertEqual(job.wait()[0], program.STOPPED_EARLY)
        with h5py.File(self.folder / "long.h5") as file:
            before = file["log/seconds"][0]
        job = self.start("resume", "long.h5", "--ranks", 1, under=self.fault("pread", -3000, 1, 1, "*.checkpoints/*"))
        self.wait_until("the run is at work", lambda: self.seconds_at_work() is not None)
        self.assertTrue(math.isnan(self.seconds_at_work()))  # nobody knows yet
        self.wait_until("its earlier seconds are known", lambda: self.seconds_at_work() > 0, 20)
        self.assertGreater(self.seconds_at_work(), before / 2)
        self.assertEqual(self.happened(), 1)
        job.kill_all()

    def test_a_clock_that_jumps_changes_nothing(self):
        """In each process, from its first or a later look at it on; the job has an end, which is not reached."""
        for jump, first in ((DAY, 1), (-DAY, 2), (DAY, 6)):
            with self.subTest(jump=jump, first=first):
                self.run_program("run", "tiny.yaml", "--ranks", 1, "--walltime", 60, under=self.fault("clock", jump, first))
                self.assertGreaterEqual(self.happened(), 1)
                self.assertWhole()
                with h5py.File(self.folder / "tiny.h5") as file:
                    for seconds, started, finished in zip(*(file[f"log/{name}"] for name in ("seconds", "started", "finished"))):
                        self.assertGreaterEqual(seconds, 0)
                        self.assertAlmostEqual(finished - started, seconds, delta=1e-3)
                self.assertEqual(self.status("tiny.h5")["done"], len(Faults.calm["results/status"]))
                (self.folder / "tiny.h5").unlink()


program.main()
