"""Without this a job that Slurm warns by USR1, or a user stops by Ctrl-C, could lose runs or not come to an end."""

import signal
import time

import program


class Stop(program.Case):
    def stop(self, number):
        """Starts the sweep, sends the signal once a run is done, resumes."""
        self.write("tiny.yaml", program.LONG)
        job = self.start("run", "tiny.yaml", "--ranks", 2)
        self.wait_for_done("tiny.h5", 1)
        sent = time.monotonic()
        job.process.send_signal(number)
        code, out, err = job.wait()
        self.assertEqual(code, program.STOPPED_EARLY, out + err)
        self.assertLess(time.monotonic() - sent, 20)
        self.assertTrue(job.vanishes(2))
        status = self.status("tiny.h5")
        self.assertGreaterEqual(status["done"], 1)
        self.assertGreater(status["pending"], 0)
        self.assertEqual(status["failed"] + status["running"], 0)

    def test_usr1_drains_and_resume_gives_the_same_bits(self):
        self.stop(signal.SIGUSR1)
        self.run_program("resume", "tiny.h5", "--ranks", 2)
        self.run_program("run", "tiny.yaml", "-o", "calm.h5", "--ranks", 2)
        self.assertSameResults("calm.h5", "tiny.h5")

    def test_ctrl_c_drains(self):
        self.stop(signal.SIGINT)

    def test_term_drains(self):
        self.stop(signal.SIGTERM)

    def test_usr1_to_a_mpirun_of_one_s_own_drains(self):
        self.write("tiny.yaml", program.LONG)
        job = self.start("run", "tiny.yaml", under=("mpirun", "-q", "-n", "2"))
        self.wait_for_done("tiny.h5", 1)
        job.process.send_signal(signal.SIGUSR1)
        code, out, err = job.wait(20)
        self.assertEqual(code, program.STOPPED_EARLY, out + err)
        self.assertGreater(self.status("tiny.h5")["pending"], 0)

    def test_ctrl_c_to_a_mpirun_of_one_s_own_ends_it_and_loses_no_run_that_was_done(self):
        self.write("tiny.yaml", program.LONG)
        job = self.start("run", "tiny.yaml", under=("mpirun", "-q", "-n", "2"))
        self.wait_for_done("tiny.h5", 1)
        done = self.status("tiny.h5")["done"]
        job.process.send_signal(signal.SIGINT)
        code, out, err = job.wait(20)
        self.assertNotEqual(code, 0, out + err)
        self.assertTrue(job.vanishes(5))
        left = self.status("tiny.h5")["done"]
        self.assertGreaterEqual(left, done)
        self.assertLess(left, 12, "the sweep is too short for this machine")
        self.start("resume", "tiny.h5", "--ranks", 2)
        self.wait_for_done("tiny.h5", left + 1)

    def kill_ranks(self, file, *settings, when):
        """(code, last line of stderr) of a job whose ranks are killed then."""
        job = self.start("run", "tiny.yaml", "-o", file, "--ranks", 2, *settings)
        when(file)
        roles = job.roles()
        program.kill(roles["coordinator"] + roles["rank"])  # one that is left would save its run
        code, _, err = job.wait()
        return code, err.splitlines()[-1]

    def test_a_job_that_a_kill_ends_is_to_be_followed_by_another_only_if_it_got_on(self):
        """Or one that is too large for its memory is followed by others without end."""
        self.write("tiny.yaml", program.TINY.replace("count: 3", "count: 100"))
        again = (program.STOPPED_EARLY, "ended early; what is finished is kept, the same line goes on")
        at_work = lambda file: self.wait_for(file, 2, "running")
        saved = lambda file: self.wait_until("saved", lambda: list(self.folder.glob(f"{file}.checkpoints/{16 * '?'}")))
        endless = ("train.steps=100000000", "checkpoint.minutes=0.01")
        self.assertEqual(self.kill_ranks("some.h5", "train.steps=3000", when=lambda file: self.wait_for_done(file, 1)), again)
        self.assertEqual(self.kill_ranks("saved.h5", *endless, when=saved), again)
        self.assertEqual(self.kill_ranks("none.h5", *endless[:1], when=at_work),
                         (1, "none.h5: a rank was killed before any run was finished or saved; if it was for want of "
                             "memory, ask for more ('mesasweep plan' says what a run needs)"))

    def test_a_job_stops_in_order_before_its_wall_time(self):
        self.write("long.yaml", program.TINY.replace("steps: 60", "steps: 100000000"))
        for seconds in (12, 24, 48):  # a busy machine may need longer
            began = time.monotonic()
            code, out, err = self.start("run", "long.yaml", "-o", "long.h5", "--ranks", 2, f"--walltime=0:{seconds}").wait()
            self.assertEqual(code, program.STOPPED_EARLY, out + err)
            in_time = time.monotonic() - began < seconds
            status = self.status("long.h5")
            self.assertEqual((status["done"], status["failed"], status["running"]), (0, 0, 0))
            if in_time and list(self.folder.glob("long.h5.checkpoints/*")):
                return
        self.fail("not in time, or no run was saved")


program.main()
