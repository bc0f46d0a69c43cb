"""Without this kill -9 at an unlucky moment could lose a finished run, corrupt the file, or change a result by a bit."""

import random
import time

import h5py

import program

KILLS = 50
# Attempts for all the kills: a run that dies twice by chance has not failed.
SWEEP = (program.TINY.replace("steps: 60", "steps: 2000").replace("count: 3", "count: 6")
         .replace("set:\n", f"set:\n  retry.attempts: {2 * KILLS}\n", 1))


class Kill(program.Case):
    def victims(self, job, kind):
        """The whole job at once, or one process whose death must end the others."""
        pids = job.pids()
        if kind == "all":
            return pids
        others = [pid for pid in pids if pid != job.process.pid]
        return [random.choice(others)] if kind == "one" and others else [job.process.pid]

    def kill_an_engine(self, job):
        """Its run is tried again, the job goes on. How many were killed: one, if any was at work."""
        engines = [pid for pid in job.pids() if program.name(pid) == "mesasweep-run"][:1]
        program.kill(engines)
        return len(engines)

    def wait_for_work(self, job, ranks):
        """Until an engine computes, beside launcher, mpirun, ranks and nurseries; or all is over."""
        end = time.monotonic() + 20
        while job.process.poll() is None and len(job.pids()) <= 2 + 2 * ranks and time.monotonic() < end:
            time.sleep(0.02)

    def finished(self, file):
        """({identity: when it was started} of the runs that are done, how many runs there are)"""
        with h5py.File(self.folder / file) as opened:
            names, states = opened["results/run"][()], opened["results/state"][()]
            started = opened["log/started"][()]
        self.assertNotIn(b"failed", {b"".join(state).rstrip(b"\0") for state in states})
        done = [b"".join(state).rstrip(b"\0") == b"done" for state in states]
        return {name: at for name, at, over in zip(names, started, done) if over}, len(names)

    def test_a_sweep_that_was_killed_again_and_again_equals_one_that_was_not(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", flush=True)
        random.seed(seed)
        self.write("tiny.yaml", SWEEP)
        for ranks in (1, 2, 3):
            self.run_program("run", "tiny.yaml", "-o", f"calm{ranks}.h5", "--ranks", ranks)
        for ranks in (2, 3):
            self.assertSameResults("calm1.h5", f"calm{ranks}.h5")

        files, done, file, kills, starts = 1, {}, "killed1.h5", 0, 0
        while kills < KILLS:
            ranks = random.choice((1, 2, 3))
            job = self.start("run", "tiny.yaml", "-o", file, "--ranks", ranks)
            starts += 1
            if random.random() < 0.8:  # the others may die before they have begun
                self.wait_for_work(job, ranks)
            time.sleep(random.uniform(0, 0.4))
            kills += self.kill_an_engine(job)
            time.sleep(random.uniform(0, 0.4))
            kind = random.choice(("all", "all", "launcher", "one"))
            program.kill(self.victims(job, kind))
            kills += 1
            if kind == "all":
                job.kill_all()
            # One that only computed does not end the others: its run is tried again, to the end of the sweep.
            self.assertTrue(job.vanishes(60), f"processes outlive the kill of {kind}")
            job.wait()
            if not (self.folder / file).exists():
                continue
            now, runs = self.finished(file)
            for run, started in done.items():
                self.assertEqual(now.get(run), started, f"{run} was finished, then lost or done again")
            done = now
            if len(done) == runs:
                self.assertSameResults("calm1.h5", file)
                files, done = files + 1, {}
                file = f"killed{files}.h5"
        self.run_program("run", "tiny.yaml", "-o", file, "--ranks", 2)
        self.assertSameResults("calm1.h5", file)
        now, _ = self.finished(file)
        self.assertEqual(done, {run: now[run] for run in done})
        self.assertFalse([name for name in self.listing() if ".new-" in name], "half-made files are left")
        print(f"{kills} kills in {starts} starts, {files} files", flush=True)


program.main()
