"""Without this a job that Slurm ends, moves or starts twice could lose runs, repeat them, or spoil the file."""

import time

import program
import slurm_lab


class SlurmLong(slurm_lab.Case):
    def wait_for_second_start(self, job):
        self.wait_for(lambda: self.batch_jobs()[job]["Restarts"] != "0" and
                      self.batch_jobs()[job]["JobState"] in ("RUNNING", "COMPLETED"))

    def test_a_job_that_is_requeued_in_its_middle_goes_on(self):
        job = self.submit("--requeue", self.script("sweep.sbatch", 2), "tiny.yaml")
        self.wait_until_done("tiny.h5", 1)
        self.lab.ask("scontrol", "requeue", job)
        self.wait_for_second_start(job)
        self.wait_for_state(job, "COMPLETED")
        self.assertEqual(list(self.batch_jobs()), [job])
        self.assertWhole("tiny.h5")

    def test_a_written_script_queues_the_same_job_again_when_it_was_warned(self):
        self.run_program("sbatch", "tiny.yaml", "-o", "script", "--tasks=2", "--requeue")
        job = self.submit("script")
        self.wait_until_done("tiny.h5", 1)
        self.lab.ask("scancel", "--signal=USR1", "--batch", job)
        self.wait_for_second_start(job)
        self.wait_for_state(job, "COMPLETED")
        self.assertEqual(list(self.batch_jobs()), [job])
        self.assertWhole("tiny.h5")

    def test_a_cancelled_job_submits_no_other_and_a_later_one_finishes_its_sweep(self):
        script = self.script("sweep.sbatch", 2)
        first = self.submit(script, "tiny.yaml")
        self.wait_until_done("tiny.h5", 1)
        self.lab.ask("scancel", first)
        self.wait_for_state(first, "CANCELLED")
        self.assertEqual(list(self.batch_jobs()), [first])
        second = self.submit(script, "tiny.yaml")
        self.wait_for_state(second, "COMPLETED")
        self.assertWhole("tiny.h5")

    def test_a_cancelled_job_saves_the_runs_that_were_at_work(self):
        self.write("long.yaml", slurm_lab.SWEEP.replace("steps: 15000", "steps: 10000000"))
        for script in ("sweep.sbatch", "sweep-srun.sbatch"):
            with self.subTest(script):
                file = f"{script}.h5"
                job = self.submit(self.script(script, 2), "long.yaml", "-o", file)
                self.wait_until_running(file, 2)
                time.sleep(4)  # a run of two seconds is worth a checkpoint
                self.lab.ask("scancel", job)
                self.wait_for(lambda: self.lab.ask("squeue", "-h") == "")
                self.assertEqual(self.batch_jobs()[job]["JobState"], "CANCELLED")
                self.assertEqual(max(self.batch_jobs()), job, self.output())
                self.assertFalse((self.folder / f"{file}.lock").exists(), self.output())
                self.assertEqual(len(list((self.folder / f"{file}.checkpoints").iterdir())), 2)

    def test_a_slurmd_that_dies_and_comes_back_costs_nothing(self):
        job = self.submit("--nodelist=n1", self.script("sweep.sbatch", 2), "tiny.yaml")
        self.wait_until_done("tiny.h5", 1)
        self.lab.lose_daemon("n1")
        self.lab.start_node("n1")
        self.wait_for_state(job, "COMPLETED")
        self.assertWhole("tiny.h5")

    def test_a_lost_node_s_job_goes_on_on_another(self):
        job = self.submit("--requeue", self.script("sweep.sbatch", 2), "tiny.yaml")
        self.wait_until_done("tiny.h5", 1)
        node = self.batch_jobs()[job]["NodeList"]
        self.lab.lose_node(node)
        self.lab.ask("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=lost")
        self.wait_for_second_start(job)
        self.assertNotEqual(self.wait_for_state(job, "COMPLETED")["NodeList"], node)
        self.assertWhole("tiny.h5")
        self.lab.start_node(node)
        self.lab.ask("scontrol", "update", f"NodeName={node}", "State=RESUME")
        self.wait_for(lambda: self.lab.idle_nodes() == 3)

    def test_the_second_job_on_a_file_is_refused_and_the_first_goes_on(self):
        script = self.script("sweep.sbatch", 2)
        first = self.submit(script, "tiny.yaml")
        self.wait_until_done("tiny.h5", 1)
        second = self.submit(script, "tiny.yaml")
        told = self.wait_for_state(second, "FAILED", "COMPLETED")
        self.assertEqual(told["ExitCode"], "2:0", self.output())
        self.assertRegex(self.output()[f"slurm-{second}.out"],
                         rf"^tiny\.h5: process \d+ on \S+, job {first} writes it \(heartbeat \d+ s ago\); wait until "
                         r"it has ended, or give --break-lock if it is gone\n$")
        self.wait_for_state(first, "COMPLETED")
        self.assertWhole("tiny.h5")

    def test_mpirun_starts_the_ranks_on_three_nodes_and_the_results_are_the_same(self):
        job = self.submit(self.script("sweep.sbatch", 6, nodes=3), "tiny.yaml")
        self.assertEqual(self.wait_for_state(job, "COMPLETED", "FAILED")["ExitCode"], "0:0", self.output())
        self.assertWhole("tiny.h5")

    def test_srun_s_ranks_hear_the_warning_and_the_chain_finishes_the_sweep(self):
        first = self.submit(self.script("sweep-srun.sbatch", 4, nodes=2), "tiny.yaml")
        self.wait_until_done("tiny.h5", 1)
        self.lab.ask("scancel", "--signal=USR1", "--batch", first)
        told = self.wait_for_state(first, "FAILED", "COMPLETED")
        self.assertEqual(told["ExitCode"], f"{program.STOPPED_EARLY}:0", self.output())
        self.wait_for(lambda: len(self.batch_jobs()) == 2)
        self.wait_for_state(max(self.batch_jobs()), "COMPLETED")
        self.assertWhole("tiny.h5")

    def test_a_job_that_is_not_warned_asks_slurm_for_its_end_and_stops_before(self):
        self.write("long.yaml", slurm_lab.SWEEP.replace("steps: 15000", "steps: 10000000"))
        job = self.submit("-n2", "-t1", "--wrap=exec mesasweep run long.yaml -o long.h5")
        told = self.wait_for_state(job, "FAILED", "COMPLETED", "TIMEOUT")
        self.assertEqual((told["JobState"], told["ExitCode"]), ("FAILED", f"{program.STOPPED_EARLY}:0"), self.output())
        self.assertEqual(self.status("long.h5")["done"], 0)
        self.assertEqual(len(list((self.folder / "long.h5.checkpoints").iterdir())), 2)


slurm_lab.skip_unless_possible()
program.main()
