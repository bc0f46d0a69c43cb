"""Without this looking at a file while it is written could fail, show nonsense, or hold up its writer."""

import os
import pty
import re
import signal
import subprocess
import time

import h5py
import numpy

import program

SECONDS = float(os.environ.get("LIVE_SECONDS", 8))  # of reading
STALL = 5  # seconds within which a writer must get on, also on a busy machine
LINE = r"(\d+) of 9 runs done, 0 failed, \d+ running, \d+ pending"

# Runs of some seconds, more than can end while the test reads.
LONG = """\
name: live
set:
  train: {steps: 20000, batch: 256, evaluations: 41}
  evaluation.tasks: 256
grid:
  seed: {count: 1000}
"""


class Watch(program.Case):
    def test_a_line_a_look_until_all_is_done(self):
        self.write("tiny.yaml", program.TINY)
        self.run_program("run", "tiny.yaml", "-o", "tiny.h5", "train.steps=2000", "--ranks", 2)
        self.assertRegex(self.run_program("status", "tiny.h5", "--watch"), f"^{LINE}\n$")
        for steps in (4000, 16000, 64000):  # a fast machine may be done with a sweep before one looks
            file = f"more{steps}.h5"
            more = self.start("run", "tiny.yaml", "-o", file, f"train.steps={steps}", "--ranks", 1)
            self.wait_for_done(file, 1)
            lines = self.run_program("status", "--watch=0.2", file).splitlines()
            self.assertEqual(more.wait()[0], 0)
            done = [int(re.fullmatch(LINE, line)[1]) for line in lines]
            self.assertEqual(done, sorted(done))
            self.assertEqual(done[-1], 9)
            if len(set(done)) > 2:
                return
        self.fail(f"{done} are no looks at a sweep that goes on")

    def test_a_terminal_is_drawn_anew_and_interrupt_ends_it(self):
        self.write("tiny.yaml", program.TINY)
        job = self.start("run", "tiny.yaml", "-o", "tiny.h5", "train.steps=1000000", "--ranks", 1)
        self.wait_for_done("tiny.h5", 0)
        ours, theirs = pty.openpty()
        watch = subprocess.Popen([program.PROGRAM, "status", "--watch=0.2", "tiny.h5"], cwd=self.folder, stdout=theirs)
        os.close(theirs)
        shown = b""
        while shown.count(b"\x1b[H\x1b[J") < 3:
            shown += os.read(ours, 4096)
        watch.send_signal(signal.SIGINT)
        self.assertEqual(watch.wait(10), -signal.SIGINT)
        os.close(ours)
        self.assertIn(b"tiny.h5: tiny", shown)
        job.kill_all()

    def test_a_run_at_work_says_how_far_it_is_and_how_much_is_left(self):
        steps, evaluations, sets = 2000000, 2001, ["train.steps=2000000", "train.evaluations=2001", "seed=1",
                                                    "model.depth=1", "tokens.kind=joint"]
        self.write("tiny.yaml", program.TINY)
        job = self.start("run", "tiny.yaml", "-o", "tiny.h5", "--ranks", 1, *sets)
        deadline = time.monotonic() + 60
        while (status := self.status("tiny.h5") if (self.folder / "tiny.h5").exists() else {"left": None})["left"] is None:
            self.assertLess(time.monotonic(), deadline, "progress is told before the run is over")
            time.sleep(0.1)
        run = status["at_work"][0]
        self.assertEqual((status["done"], status["slowest"], run["keys"]), (0, [], "tokens joint"))
        self.assertEqual(run["steps_done"] % (steps // (evaluations - 1)), 0)
        self.assertTrue(0 < run["steps_done"] < steps)
        with h5py.File(self.folder / "tiny.h5") as file:
            known = numpy.isfinite(file["results/test_loss"][0]).sum()
            self.assertGreaterEqual(known, run["steps_done"] * (evaluations - 1) // steps + 1)
        share = run["steps_done"] / steps
        guess = run["seconds"] * (1 - share) / share  # but for analyses, and for steps since then
        self.assertTrue(guess / 3 < status["left"]["seconds"] < 3 * guess, (run, status["left"]))
        self.assertRegex(self.run_program("status", "tiny.h5"),
                         r"\nabout [^\n]* left\n\nrunning\n  [0-9a-f]{16}  tokens joint: \d+ steps in \S+ \S+, test_loss \S+\n")
        job.process.send_signal(signal.SIGUSR1)
        code, _, err = job.wait()
        self.assertEqual(code, program.STOPPED_EARLY, err)

    def test_refusals(self):
        for text in ("0", "x", "1e9", "-1", ""):
            _, _, err = self.start("status", f"--watch={text}", "tiny.h5").wait()
            self.assertEqual(err, "mesasweep status: --watch: takes seconds between two looks, 0.1 to 86400\n")


class Read(program.Case):
    def look(self):
        """(rows done, points of all curves so far)"""
        with h5py.File(self.folder / "live.h5") as file:
            status, loss = file["results/status"][()], file["results/test_loss"]
            done = status == 2
            points = numpy.isfinite(loss[()])
            self.assertTrue(points[done].all(), "a row that is called done has its whole curve")
            return int(done.sum()), int(points.sum())

    def test_h5py_reads_while_ranks_write(self):
        self.write("live.yaml", LONG)
        job = self.start("run", "live.yaml", "-o", "live.h5", "--ranks", 2)
        self.wait_for_done("live.h5", 0)
        begin = grew = time.monotonic()
        looks, before, slowest, growths = 0, (0, 0), 0, 0
        while (now := time.monotonic()) < begin + SECONDS:
            seen = self.look()
            looks += 1
            self.assertGreaterEqual(seen[0], before[0])
            if seen[1] > before[1]:
                growths += 1
                slowest, grew = max(slowest, now - grew), now
            before = seen
        slowest = max(slowest, time.monotonic() - grew)
        self.assertIsNone(job.process.poll(), "the sweep goes on")
        status = self.status("live.h5")
        left = status["left"]
        if status["running"] and status["done"]:
            self.assertTrue(0 <= left["low"] <= left["seconds"] <= left["high"])
            self.assertRegex(self.run_program("status", "live.h5"), r"\nabout .* left \(.* to .*\)\n")
        job.process.send_signal(signal.SIGUSR1)
        code, _, err = job.wait()
        self.assertEqual(code, program.STOPPED_EARLY, err)
        print(f"{looks} looks, {growths} of them saw curves grow, {slowest:.1f} s at most between two", flush=True)
        self.assertGreater(growths, SECONDS / 3)
        self.assertLess(slowest, STALL)
        self.assertEqual(self.status("live.h5")["failed"], 0)


program.main()
