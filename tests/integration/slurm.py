"""Without this the batch scripts that users start from could lose their chain, or Slurm's warning signal could go unheard."""

import program
import slurm_lab


class Slurm(slurm_lab.Case):
    def test_a_warned_job_stops_in_order_and_its_chain_finishes_the_sweep(self):
        first = self.submit(self.script("sweep.sbatch", 2), "tiny.yaml")
        self.wait_until_done("tiny.h5", 1)
        self.lab.ask("scancel", "--signal=USR1", "--batch", first)
        told = self.wait_for_state(first, "FAILED", "COMPLETED")
        self.assertEqual(told["ExitCode"], f"{program.STOPPED_EARLY}:0", self.output())
        self.wait_for(lambda: len(self.batch_jobs()) == 2)
        self.wait_for_state(max(self.batch_jobs()), "COMPLETED")
        self.assertWhole("tiny.h5")

    def test_srun_starts_the_ranks_on_two_nodes_and_the_results_are_the_same(self):
        self.write("tiny.yaml", program.TINY)
        job = self.submit(self.script("sweep-srun.sbatch", 4, nodes=2), "tiny.yaml")
        self.assertEqual(self.wait_for_state(job, "COMPLETED", "FAILED")["ExitCode"], "0:0", self.output())
        self.assertWhole("tiny.h5")

    def test_a_written_script_is_taken_by_slurm_and_carries_out_its_sweep(self):
        self.write("it's tiny.yaml", program.TINY)
        self.run_program("sbatch", "it's tiny.yaml", "--file=a b.h5", "-o", "script", "--tasks=2", "--walltime=8")
        job = self.submit("script")
        told = self.wait_for_state(job, "COMPLETED", "FAILED")
        self.assertEqual(told["ExitCode"], "0:0", self.output())
        self.assertEqual((told["JobName"], told["NumTasks"], told["TimeLimit"]), ("tiny", "2", "00:08:00"))
        self.assertEqual((told["MinMemoryCPU"], told["Requeue"]), ("250M", "1"))
        self.assertWhole("a b.h5", "it's tiny.yaml")

    def test_tasks_that_srun_starts_without_pmix_are_refused_and_write_nothing(self):
        said = self.lab.ask("srun", "-n", 2, "--mpi=none", program.PROGRAM, "run", "tiny.yaml", cwd=self.folder)
        line = ("mesasweep run: srun started several tasks that can not find each other; add --mpi=pmix to srun, or "
                "call mesasweep without srun")
        self.assertEqual([text for text in said.splitlines() if "srun: error" not in text], [line, line], said)
        self.assertEqual(self.listing(), ["tiny.yaml"])


slurm_lab.skip_unless_possible()
program.main()
