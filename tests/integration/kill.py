"""Without this kill -9 at an unlucky moment could lose a finished run, corrupt the file, or change a result by a bit."""

import random
import time

import program

SECONDS = 20  # of killing
SWEEP = program.TINY.replace("steps: 60", "steps: 3000").replace("count: 3", "count: 6")


class Kill(program.Case):
    def victims(self, job, kind):
        """The whole job at once, or one process whose death must end the others."""
        pids = job.pids()
        if kind == "all":
            return pids
        others = [pid for pid in pids if pid != job.process.pid]
        return [random.choice(others)] if kind == "one" and others else [job.process.pid]

    def test_a_sweep_that_was_killed_again_and_again_equals_one_that_was_not(self):
        seed = random.randrange(1 << 32)
        print(f"seed {seed}", flush=True)
        random.seed(seed)
        self.write("tiny.yaml", SWEEP)
        for ranks in (1, 2, 3):
            self.run_program("run", "tiny.yaml", "-o", f"calm{ranks}.h5", "--ranks", ranks)
        for ranks in (2, 3):
            self.assertSameResults("calm1.h5", f"calm{ranks}.h5")

        end, kills, files = time.monotonic() + SECONDS, 0, 1
        done, file = 0, "killed1.h5"
        while time.monotonic() < end:
            job = self.start("run", "tiny.yaml", "-o", file, "--ranks", random.choice((1, 2, 3)))
            time.sleep(random.uniform(0.05, 1.5))
            kind = random.choice(("all", "all", "launcher", "one"))
            program.kill(self.victims(job, kind))
            if kind == "all":
                job.kill_all()
            self.assertTrue(job.vanishes(15), f"processes outlive the kill of {kind}")
            job.wait()
            kills += 1
            if not (self.folder / file).exists():
                continue
            status = self.status(file)
            self.assertGreaterEqual(status["done"], done, "a finished run was lost")
            self.assertEqual(status["failed"], 0)
            done = status["done"]
            if done == status["runs"]:
                self.assertSameResults("calm1.h5", file)
                files, done = files + 1, 0
                file = f"killed{files}.h5"
        self.run_program("run", "tiny.yaml", "-o", file, "--ranks", 2)
        self.assertSameResults("calm1.h5", file)
        print(f"{kills} kills, {files} files", flush=True)


program.main()
