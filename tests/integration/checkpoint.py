"""Without this a stopped or killed job could lose the hours of a long run, or a run that goes on end with other bits."""

import math
import signal
import struct
import time

import h5py
import program

# One run of some seconds.
SWEEP = """\
name: long
set:
  train: {steps: STEPS, batch: 256, evaluations: 7}
  model.depth: 2
  evaluation.tasks: 128
  checkpoint.minutes: MINUTES
grid:
  seed: [3]
analyses: [gd]
"""
STEP = 56  # place of the number of updates in a checkpoint
LONG = 8  # seconds of the whole run, about: the machine may have other work as well
WORTH = 2  # seconds of training that a drain saves (CHECKPOINT_AT_A_DRAIN)
OFTEN, NEVER = 0.01, 100


class Checkpoint(program.Case):
    steps = 0  # as many as this machine makes in LONG
    calm = {}  # {steps: contents of a file whose run nothing disturbed}

    def write_sweep(self, steps, minutes):
        self.write("long.yaml", SWEEP.replace("STEPS", str(steps)).replace("MINUTES", str(minutes)))

    def undisturbed(self, file, steps, minutes):
        self.write_sweep(steps, minutes)
        self.run_program("run", "long.yaml", "-o", file, "--ranks", 1)
        self.assertEqual(list(self.folder.glob("*.checkpoints")), [])

    def begin(self, minutes):
        if not Checkpoint.steps:
            self.undisturbed("short.h5", 1000, NEVER)
            with h5py.File(self.folder / "short.h5", "r") as short:
                Checkpoint.steps = int(1000 * LONG / short["log/seconds"][0])
        if Checkpoint.steps not in Checkpoint.calm:
            self.undisturbed("calm.h5", Checkpoint.steps, OFTEN)
            Checkpoint.calm[Checkpoint.steps] = program.contents(self.folder / "calm.h5")
        self.write_sweep(Checkpoint.steps, minutes)
        return self.start("run", "long.yaml", "--ranks", 1)

    def reach(self, minutes, condition, seconds=0):
        """A job at work for which `condition` came true, not before `seconds`. Where the machine has
        become faster than it was, that takes a longer run."""
        while True:
            job = self.begin(minutes)
            self.wait_until((self.folder / "long.h5").exists)
            begun = time.monotonic()
            self.wait_until(lambda: job.process.poll() is not None or condition())
            if job.process.poll() is None and time.monotonic() - begun >= seconds:
                return job
            job.kill_all()
            (self.folder / "long.h5").unlink()
            Checkpoint.steps *= 2

    def checkpoints(self):
        return sorted(self.folder.glob("long.h5.checkpoints/*"))

    def share(self):
        """Of the training that is in the only checkpoint; 0: there is none."""
        for path in self.checkpoints():
            if path.suffix == "":
                try:
                    return struct.unpack_from("=q", path.read_bytes(), STEP)[0] / Checkpoint.steps
                except FileNotFoundError:
                    return 0
        return 0

    def wait_until(self, condition):
        end = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def half_done(self):
        """The fourth of seven evaluations is seen in the file."""
        with h5py.File(self.folder / "long.h5", "r") as results:
            return math.isfinite(results["results/train_loss"][0, 3])

    def times(self):
        with h5py.File(self.folder / "long.h5", "r") as results:
            return {name: results["log"][name][0] for name in ("seconds", "started", "finished")}

    def kill_at(self, share):
        self.reach(OFTEN, lambda: self.share() >= share).kill_all()

    def assertSameAsCalm(self):
        self.assertSameContents(self.calm[self.steps], program.contents(self.folder / "long.h5"), "long.h5 and a calm one")
        self.assertFalse((self.folder / "long.h5.checkpoints").exists(), "the folder is left")

    def test_a_drain_saves_and_resume_ends_with_the_same_bits(self):
        job = self.reach(NEVER, self.half_done, 2 * WORTH)
        self.assertEqual(self.checkpoints(), [])
        job.process.send_signal(signal.SIGUSR1)
        code, out, err = job.wait()
        self.assertEqual(code, program.STOPPED_EARLY, out + err)
        self.assertGreaterEqual(self.share(), 0.5)
        before = self.times()
        self.assertAlmostEqual(before["seconds"], before["finished"] - before["started"], delta=0.1)
        self.run_program("resume", "long.h5", "--ranks", 1)
        self.assertSameAsCalm()
        after = self.times()
        expected = before["seconds"] + after["finished"] - after["started"]
        self.assertAlmostEqual(after["seconds"], expected, delta=WORTH)  # a drain may leave so much out

    def test_a_killed_job_goes_on_from_its_checkpoint_with_the_same_bits(self):
        self.kill_at(0.5)
        share = self.share()
        job, seen = self.start("resume", "long.h5", "--ranks", 1), set()
        while job.process.poll() is None:
            seen.add(self.share())
            time.sleep(0.02)
        code, out, err = job.wait()
        self.assertEqual(code, 0, out + err)
        self.assertGreaterEqual(min(seen - {0}), share)  # a run that starts anew would save an earlier step
        self.assertGreater(max(seen), share)
        self.assertSameAsCalm()

    def test_a_damaged_checkpoint_is_refused_and_the_run_starts_anew(self):
        self.kill_at(0.2)
        path, = [path for path in self.checkpoints() if path.suffix == ""]
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        self.run_program("resume", "long.h5", "--ranks", 1)
        self.assertSameAsCalm()


program.main()
