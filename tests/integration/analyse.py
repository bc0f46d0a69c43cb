"""Without this an analysis that is thought of later would cost all training again, or give other numbers than one
that was listed from the start."""

import random
import time

import h5py

import program

ALL = program.TINY
FEW = ALL.replace("[gd, alignment, probe]", "[gd]")


class Analyse(program.Case):
    def run_sweep(self, text, file, *arguments):
        self.write("tiny.yaml", text)
        return self.run_program("run", "tiny.yaml", "-o", file, "--ranks", 2, *arguments)

    def refuse(self, *arguments):
        code, out, err = self.start("analyse", *arguments).wait()
        self.assertEqual((code, out, err.count("\n")), (2, "", 1), err)
        return err

    def test_added_analyses_equal_those_that_were_listed_from_the_start(self):
        self.run_sweep(ALL, "whole.h5")
        self.run_sweep(FEW, "tiny.h5")
        before = program.contents(self.folder / "tiny.h5")
        out = self.run_program("analyse", "tiny.h5", "probe", "alignment", "--ranks", 2)
        self.assertIn("9 finished runs kept, 0 left, 0 retired, analysis alignment added, analysis probe added\n", out)
        self.assertSameResults("whole.h5", "tiny.h5")
        self.assertEqual(before["results/train_loss"], program.contents(self.folder / "tiny.h5")["results/train_loss"])
        nothing = "tiny.h5: all finished runs have these analyses; nothing to do\n"
        self.assertEqual(self.run_program("analyse", "tiny.h5", "gd"), nothing)
        self.assertEqual(self.run_program("resume", "tiny.h5"), "tiny.h5: all 9 runs are done; nothing to do\n")
        self.assertEqual(self.run_program("run", "tiny.yaml", "-o", "tiny.h5"),
                         "tiny.h5: all 9 runs are done; nothing to do\n")

    def test_a_longer_list_in_the_sweep_is_made_up_for_without_training(self):
        self.run_sweep(ALL, "whole.h5")
        self.run_sweep(FEW, "tiny.h5")
        out = self.run_sweep(ALL, "tiny.h5")
        self.assertIn("tiny.h5: 9 finished runs are to be analysed\n", out)
        self.assertSameResults("whole.h5", "tiny.h5")

    def test_what_is_not_finished_gets_the_columns_when_it_runs(self):
        long = FEW.replace("steps: 60", "steps: 1500")
        self.run_sweep(long.replace("[gd]", "[gd, alignment]"), "whole.h5")
        self.write("tiny.yaml", long)
        job = self.start("run", "tiny.yaml", "--ranks", 1)
        self.wait_for_done("tiny.h5", 2)
        job.kill_all()
        done = self.status("tiny.h5")["done"]
        self.run_program("analyse", "tiny.h5", "alignment", "--ranks", 1)
        status = self.status("tiny.h5")
        self.assertEqual(status["done"], done)
        self.assertEqual(status["done"] + status["pending"], 9)
        self.run_program("resume", "tiny.h5", "--ranks", 2)
        self.assertSameResults("whole.h5", "tiny.h5")

    def test_an_analysis_that_was_killed_goes_on(self):
        self.run_sweep(ALL.replace("count: 3", "count: 12"), "whole.h5")
        self.run_sweep(FEW.replace("count: 3", "count: 12"), "tiny.h5")
        runs = self.status("tiny.h5")["done"]
        lives, code = 0, None
        while code is None and lives < 40:
            job = self.start("analyse", "tiny.h5", "probe", "alignment", "--ranks", 1)
            end = time.monotonic() + random.uniform(0.1, 1.0)
            while job.process.poll() is None and time.monotonic() < end:
                time.sleep(0.01)
            code = job.process.poll()
            job.kill_all()
            lives += 1
            self.assertEqual(self.status("tiny.h5")["done"], runs, "a row that is analysed stays done")
        self.run_program("analyse", "tiny.h5", "probe", "alignment", "--ranks", 2)
        print(f"{lives} lives", flush=True)
        self.assertSameResults("whole.h5", "tiny.h5")

    def test_without_weights_there_is_one_clear_line(self):
        self.run_sweep(FEW, "tiny.h5", "keep.weights=none")
        before = (self.folder / "tiny.h5").read_bytes()
        self.assertEqual(self.refuse("tiny.h5", "probe"),
                         "tiny.h5: 9 finished runs kept no weights (keep.weights: none), so no analysis can be added "
                         "to them; train them into another file\n")
        self.assertEqual((self.folder / "tiny.h5").read_bytes(), before)

    def test_names_are_checked(self):
        self.run_sweep(FEW, "tiny.h5")
        self.assertIn("mesasweep analyse: 'prob' is no analysis, allowed are gd, ", self.refuse("tiny.h5", "prob"))
        self.assertIn("the name of an analysis is missing", self.refuse("tiny.h5"))
        before = (self.folder / "tiny.h5").read_bytes()
        for names in (["shots"], ["probe", "shots"]):  # also when another one applies
            self.assertEqual(self.refuse("tiny.h5", *names),
                             "tiny.h5: has no run for shots (losses of few-shot streams after so many pairs, of the model "
                             "and of least squares); name others, 'mesasweep keys' lists them\n")
        self.assertIn(" of predicting 0), shots (losses ", self.refuse("tiny.h5", "sine_curve", "shots"))
        self.assertEqual((self.folder / "tiny.h5").read_bytes(), before)
        with h5py.File(self.folder / "tiny.h5", "r") as file:
            self.assertEqual(file.attrs["analyses"], "gd")


program.main()
