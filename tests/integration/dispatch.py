"""Without this nobody would notice that the way of a run through ranks, children and file has become slow, or that idle processes burn the cores that runs need."""

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

    def test_its_ranks_are_its_own(self):
        _, out, err = self.start("bench", "--dispatch", under=("mpirun", "-q", "-n", "1")).wait()
        self.assertEqual(out, "")
        self.assertEqual(err, "mesasweep bench: --dispatch starts its own ranks; call it without mpirun and "
                              "without words\n")


program.main()
