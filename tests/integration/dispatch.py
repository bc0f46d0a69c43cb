"""Without this nobody would notice that the way of a run through ranks, children and file has become slow, or that idle processes burn the cores that runs need."""

import os
import pathlib
import time

import program

FIGURES = {"runs_per_s", "runs_per_s_synced", "runs_per_s_unbundled", "coordinator_mb"}


class Dispatch(program.Case):
    def test_the_bench_measures_and_leaves_nothing_behind(self):
        figures = self.run_json("bench", "--dispatch")
        print(figures, flush=True)
        self.assertEqual(set(figures), FIGURES)
        self.assertTrue(all(value > 0 for value in figures.values()))
        self.assertGreater(figures["runs_per_s"], 3 * figures["runs_per_s_unbundled"])  # or bundles are of no use
        self.assertLess(figures["coordinator_mb"], 40)  # of 100,000 runs, libraries included
        self.assertEqual(self.listing(), [])

    def seconds_used(self, pid):
        """User and system time of a process."""
        fields = (pathlib.Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def test_parents_leave_the_cores_to_their_runs(self):
        self.write("long.yaml", program.TINY.replace("steps: 60", "steps: 100000000"))
        job = self.start("run", "long.yaml", "-o", "long.h5", "--ranks", 2)
        self.wait_for("long.h5", 2, "running")
        parents = [pid for pid in job.pids() if program.name(pid) != "mesasweep-run"]
        self.assertGreater(len(parents), 5)  # launcher, mpirun, two ranks, two nurseries
        before, began = {pid: self.seconds_used(pid) for pid in parents}, time.monotonic()
        time.sleep(4)
        shares = {f"{program.name(pid)} {pid}": (self.seconds_used(pid) - before[pid]) / (time.monotonic() - began)
                  for pid in parents}
        print(shares, flush=True)
        self.assertLess(max(shares.values()), 0.03)
        job.kill_all()

    def test_its_ranks_are_its_own(self):
        _, out, err = self.start("bench", "--dispatch", under=("mpirun", "-q", "-n", "1")).wait()
        self.assertEqual(out, "")
        self.assertEqual(err, "mesasweep bench: --dispatch starts its own ranks; call it without mpirun and "
                              "without words\n")


program.main()
