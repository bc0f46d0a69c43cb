"""Without this kill -9 at an unlucky moment could lose a finished run, corrupt the file, or change a result by a bit.

KILLS kills, or as many as KILL_MINUTES of the environment have room for: tools/soak."""

import collections
import os
import random
import shutil
import signal
import tempfile
import time

import h5py

import program

KILLS = 50
MINUTES = float(os.environ.get("KILL_MINUTES", 0))
SEED = int(os.environ.get("KILL_SEED", random.randrange(1 << 32)))

# Runs of milliseconds: the start of a job is most of its work. PART grows into it.
SHORT = """\
name: short
analyses: []
set:
  train: {steps: 30, batch: 16, evaluations: 4}
  evaluation.tasks: 64
  retry.attempts: 100
grid:
  model.depth: [1, 2]
  tokens.kind: [joint, separate]
  seed: {count: 200}
when:
  - {if: {tokens.kind: separate}, set: {model.depth: 2, model.layers: "softmax linear", model.heads: 2}}
"""
PART = SHORT.replace("count: 200", "count: 80")

# Runs that live from checkpoint to checkpoint.
LONG = """\
name: long
analyses: [gd]
set:
  train: {steps: 20000, batch: 128, evaluations: 7}
  evaluation.tasks: 128
  checkpoint.minutes: 0.01
  retry.attempts: 100
grid:
  model.depth: [1, 2]
  seed: {count: 2}
"""
LONG_SHARE = 0.05  # of the files of a soak
LONG_LIFE = 4  # seconds at work, at most

# Who is killed, how often. One of these ends the job; an engine's run is tried again.
ENDS = {"job": 10, "launcher": 2, "mpirun": 2, "coordinator": 2, "rank": 2, "nursery": 2}
ENGINES = 16  # in one job, at most


class Kill(program.Case):
    def setUp(self):
        super().setUp()
        self.counts = collections.Counter()
        self.start_seconds = 0.4  # until the first engine is at work, as the last jobs needed
        random.seed(SEED)
        for name, text in ("short", SHORT), ("part", PART), ("long", LONG):
            self.write(f"{name}.yaml", text)

    def count(self, target):
        self.counts[target] += 1

    def wait_for_work(self, job):
        """Until an engine computes, or all is over."""
        begun = time.monotonic()
        while job.process.poll() is None and time.monotonic() < begun + 60:
            if job.roles()["engine"]:
                self.start_seconds += 0.1 * (time.monotonic() - begun - self.start_seconds)
                return
            time.sleep(0.01)

    def kill_engines(self, job, pause):
        for _ in range(random.randrange(ENGINES)):
            time.sleep(random.uniform(0, pause))
            engines = job.roles()["engine"]
            if engines:
                program.kill([random.choice(engines)])
                self.count("engine")

    def end(self, job):
        """By a kill of all its processes, or of one whose death must end the others; returns which."""
        target, = random.choices(list(ENDS), ENDS.values())
        if job.process.poll() is not None:
            target = "nobody"
        elif pids := job.roles().get(target):
            program.kill([random.choice(pids)])
        else:
            target = "job"
            job.kill_all()
        self.count(target)
        if not job.vanishes(120):  # an mpirun that goes with its launcher may hang in its PMIx, without ranks
            left = {program.name(pid) for pid in job.pids()}
            self.assertEqual((target, left), ("launcher", {"mpirun"}), "who was killed, what outlives it")
            job.kill_all()
        return target

    def disturb(self, job, life):
        """`life`: seconds at work, at most; 0: about as long as a start takes."""
        if random.random() < 0.25:  # before any work, mostly
            time.sleep(random.uniform(0, 1.5 * self.start_seconds))
        else:
            self.wait_for_work(job)
            self.kill_engines(job, self.start_seconds / ENGINES)
            time.sleep(random.uniform(0, life or self.start_seconds / 2))
        if random.random() < 0.1 and job.process.poll() is None:
            job.process.send_signal(signal.SIGUSR1)
            time.sleep(random.uniform(0, 0.2))
        target = self.end(job)
        _, out, err = job.wait()
        said = out + err.partition(" runs done; ")[0]  # behind it is Open MPI's own end
        for word in "ssertion", "Sanitizer", "runtime error", "damaged":
            self.assertNotIn(word, said, f"after the kill of {target}")
        if target != "launcher":  # an mpirun that goes with it may crash in its PMIx
            self.assertNotIn("Segmentation", said, f"after the kill of {target}")

    def finished(self, file):
        """({identity: when it was started} of the runs that are done, how many runs there are)"""
        with h5py.File(self.folder / file) as opened:
            names, states = opened["results/run"][()], opened["results/state"][()]
            started = opened["log/started"][()]
        states = [b"".join(state).rstrip(b"\0") for state in states]
        self.assertNotIn(b"failed", states)
        return {name: at for name, at, state in zip(names, started, states) if state == b"done"}, len(names)

    def one_file(self, file):
        """Kills job after job on this file, until all its runs are done."""
        calm = "long" if MINUTES and random.random() < LONG_SHARE else "short"
        sweep = random.choice(("short", "part")) if calm == "short" else calm
        done, runs = {}, -1
        while len(done) != runs or sweep != calm:
            if len(done) == runs or random.random() < 0.1:
                sweep = calm
            job = self.start("run", f"{sweep}.yaml", "-o", file, "--ranks", random.choice((1, 1, 2, 3)))
            self.count("start")
            self.disturb(job, LONG_LIFE if calm == "long" else 0)
            self.jobs.remove(job)
            if (self.folder / file).exists():
                before, (done, runs) = done, self.finished(file)
                for run, started in before.items():
                    self.assertEqual(done.get(run), started, f"{run} was finished, then lost or done again")
                self.counts["run done"] += len(done) - len(before)
            if self.is_over():
                break
        self.run_program("run", f"{calm}.yaml", "-o", file, "--ranks", 2)
        now, _ = self.finished(file)
        self.assertEqual(done, {run: now.get(run) for run in done})
        self.assertSameResults(f"calm_{calm}.h5", file)
        self.run_program("verify", file)
        left = {path.name for path in self.folder.glob(f"{file}*")}
        self.assertLessEqual(left, {file, f"{file}.logs"}, "files are left")

    def is_over(self):
        kills = sum(self.counts[target] for target in (*ENDS, "engine"))
        return time.monotonic() > self.until if MINUTES else kills >= KILLS

    def keep(self, file, problem):
        """What differs is kept for whoever looks for the reason."""
        kept = tempfile.mkdtemp(prefix="mesasweep-kill-")
        for path in self.folder.glob(f"{file}*"):
            shutil.move(path, kept)
        print(f"{kept}/{file}: {problem}", flush=True)

    def test_a_sweep_that_was_killed_again_and_again_equals_one_that_was_not(self):
        for calm in ("short", "long") if MINUTES else ("short",):
            self.run_program("run", f"{calm}.yaml", "-o", f"calm_{calm}.h5", "--ranks", 2)
        self.until = time.monotonic() + 60 * MINUTES
        while not self.is_over():
            file = f"killed{self.counts['file']}.h5"
            self.count("file")
            try:
                self.one_file(file)
            except AssertionError as problem:
                self.count("difference")
                self.keep(file, problem)
            (self.folder / file).unlink(missing_ok=True)
        killed = ", ".join(f"{self.counts[target]} {target}" for target in (*ENDS, "engine"))
        print(f"seed {SEED}: kills: {killed}; {self.counts['start']} starts, {self.counts['nobody']} over before, "
              f"{self.counts['file']} files, {self.counts['run done']} runs done, {self.counts['difference']} differences",
              flush=True)
        self.assertEqual(self.counts["difference"], 0)


program.main()
