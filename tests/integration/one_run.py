"""Without this a person could not look at one run: why it failed, what it was, what it gave."""

import re
import shutil
import tempfile

import h5py
import numpy

import program

# The first is done at once; the others run out of time.
SWEEP = """\
name: one
set:
  train: {batch: 32, evaluations: 7}
  evaluation.tasks: 128
  retry.attempts: 1
  limits.seconds: 2
analyses: [gd]
grid:
  train.steps: [60, 100000000]
  seed: [0, 1]
"""


class OneRun(program.Case):
    made = None  # the folder that the sweep has left

    def setUp(self):
        super().setUp()
        if not OneRun.made:
            OneRun.made = tempfile.TemporaryDirectory(prefix="mesasweep-")
            self.addClassCleanup(OneRun.made.cleanup)
            self.write("one.yaml", SWEEP)
            self.run_program("run", "one.yaml", "--ranks", 2, code=1)
            shutil.copytree(self.folder, OneRun.made.name, dirs_exist_ok=True)
        shutil.copytree(OneRun.made.name, self.folder, dirs_exist_ok=True)
        with h5py.File(self.folder / "one.h5", "r") as file:
            self.runs = file["results/run"].asstr()[:]
            self.states = [state.tobytes().decode().rstrip("\0") for state in file["results/state"][:]]

    def refuse(self, *arguments):
        code, out, err = self.start(*arguments).wait()
        self.assertEqual((code, out, err.count("\n")), (2, "", 1), err)
        return err[:-1]

    def look_at_the_log(self):
        done, failed = self.runs[0], self.runs[2]
        log = (self.folder / "one.h5.logs" / failed).read_text()
        self.assertEqual(self.run_program("log", "one.h5", failed), log)
        self.assertRegex(log, r"^attempt 1 on .*, rank \d, after [\d.]+ s: ")
        self.assertEqual(self.refuse("log", "one.h5", done),
                         f"one.h5: run {done} has no log (it is done): only attempts that failed leave one")

    def look_at_a_run(self):
        run = self.runs[1]
        out = self.run_program("show", "one.h5", run[:8])
        self.assertRegex(out, rf"^one.h5: run {run} of one: done, attempt 1 on \S+, [\d.]+ s\n")
        self.assertRegex(out, r"\n  train.steps +60\n")
        self.assertRegex(out, r"\n  seed +1\n")
        with h5py.File(self.folder / "one.h5", "r") as file:
            losses, ratio = file["results/test_loss"][1], file["results/gd_ratio"][1]
        curve = re.search(r"\n  test_loss +([▁▂▃▄▅▆▇█]{7}) +(\S+)  (\S+)  mean loss", out)
        self.assertEqual(curve[1][list(losses).index(max(losses))], "█")
        self.assertEqual(curve[1][list(losses).index(min(losses))], "▁")
        self.assertAlmostEqual(float(curve[2]), losses[0], delta=1e-4 * losses[0])
        self.assertAlmostEqual(float(curve[3]), losses[-1], delta=1e-4 * losses[-1])
        shown = float(re.search(r"\n  gd_ratio +(\S+)  ", out)[1])
        self.assertAlmostEqual(shown, ratio, delta=1e-4 * abs(ratio))
        self.assertRegex(out, r"\ntensors\n  layer0/query +11 x 11  queries of .*\n  layer0/key +11 x 11  keys of")
        self.assertRegex(self.run_program("show", "one.h5", self.runs[3]),
                         rf"^one.h5: run {self.runs[3]} of one: timeout, attempt 1 on ")

    def look_at_json(self):
        found = self.run_json("show", "one.h5", self.runs[1])
        self.assertEqual((found["run"], found["name"], found["status"]), (self.runs[1], "one", "done"))
        self.assertEqual(found["config"]["train.steps"], 60)
        self.assertEqual(found["log"]["attempt"], 1)
        self.assertEqual(found["tensors"]["layer0/query"], [11, 11])
        with h5py.File(self.folder / "one.h5", "r") as file:
            for name, column in found["results"].items():
                stored = file["results"][name]
                self.assertEqual(column["about"], stored.attrs["long_name"])
                values = numpy.array(column["value"], dtype=float)
                self.assertEqual(list(values.shape), column["shape"])
                there = numpy.isfinite(values)  # integers below 0 are none, too
                numpy.testing.assert_array_equal(values[there], stored[1][there], name)
        self.assertEqual(self.run_json("best", "one.h5", "--where=seed=1", form="show"), found)
        failed = self.runs[2]
        self.assertEqual(self.run_json("log", "one.h5", failed)["log"],
                         (self.folder / "one.h5.logs" / failed).read_text())

    def look_at_no_run(self):
        common = max((run[0] for run in self.runs), key=[run[0] for run in self.runs].count)
        shared = [run for run in self.runs if run.startswith(common)]
        absent = next(digits for digits in (f"{i:02x}" for i in range(256))
                      if not any(run.startswith(digits) for run in self.runs))
        for command in ("show", "log"):
            self.assertEqual(self.refuse(command, "one.h5", absent),
                             f"one.h5: no run begins with {absent}; 'mesasweep table --csv' lists their names")
            self.assertEqual(self.refuse(command, "one.h5", "Run"),
                             "'Run' is no name of a run: that is sixteen hex digits, or the first of them")
            if len(shared) > 1:
                self.assertEqual(self.refuse(command, "one.h5", common),
                                 f"one.h5: {len(shared)} runs begin with {common}; give more digits")

    def started(self):
        with h5py.File(self.folder / "one.h5", "r") as file:
            return file["log/started"][:]

    def listed(self, *arguments):
        return [line.split(",")[0] for line in
                self.run_program("table", "one.h5", "--csv", *arguments).splitlines()[1:]]

    def test_rows_are_chosen_and_sorted(self):
        runs = list(self.runs)
        with h5py.File(self.folder / "one.h5", "r") as file:
            ratios = file["results/gd_ratio"][:2]
        self.assertEqual(self.listed("--where", "train.steps=60"), runs[:2])
        self.assertEqual(self.listed("--where=steps=60", "--where=seed=1"), [runs[1]])
        self.assertEqual(self.listed("--where", "status=timeout"), runs[2:])
        self.assertEqual(self.listed("--where", "seed=7"), [])
        up = runs[:2] if ratios[0] < ratios[1] else runs[1::-1]
        self.assertEqual(self.listed("--sort", "gd_ratio"), up + runs[2:])
        self.assertEqual(self.listed("--sort", "gd_ratio:desc"), up[::-1] + runs[2:])
        self.assertEqual(self.listed("--sort", "status:desc"), runs[2:] + runs[:2])
        self.assertEqual(self.listed("--sort", "seed:desc"), [runs[1], runs[3], runs[0], runs[2]])
        self.assertEqual(self.run_json("table", "one.h5", "--where=seed=7")["runs"], [])
        for option, message in {
                "--where=seed": "--where: takes KEY=VALUE, as model.depth=2",
                "--where=seed=one": "--where: 'one' is no number, seed has numbers",
                "--where=sede=1": "--where: 'sede' is no column; 'mesasweep table --csv' shows them all",
                "--sort=gd": "'gd' is no column; 'mesasweep table --csv' shows them all"}.items():
            self.assertEqual(self.refuse("table", "one.h5", option), "mesasweep table: " + message)

    def test_the_best_run_is_the_least_or_the_greatest(self):
        with h5py.File(self.folder / "one.h5", "r") as file:
            losses, ratios = file["results/test_loss"][:2, -1], file["results/gd_ratio"][:2]
        least, greatest = self.runs[losses.argmin()], self.runs[ratios.argmax()]
        self.assertEqual(self.run_program("best", "one.h5"), self.run_program("show", "one.h5", least))
        self.assertEqual(self.run_program("best", "one.h5", "--by=gd_ratio:desc"),
                         self.run_program("show", "one.h5", greatest))
        self.assertIn(f"run {self.runs[1]} of one", self.run_program("best", "one.h5", "--where=seed=1"))
        self.assertEqual(self.refuse("best", "one.h5", "--where=seed=7"),
                         "one.h5: no finished run of these has a value of test_loss")
        self.assertEqual(self.refuse("best", "one.h5", "--by=status"),
                         "mesasweep best: --by: takes a column of numbers")
        self.assertEqual(self.refuse("best", "one.h5", "--by=gd"),
                         "mesasweep best: 'gd' is no column; 'mesasweep table --csv' shows them all")

    def test_failed_runs_are_tried_again(self):
        before = self.started()
        out = self.run_program("retry", "--failed", "one.h5", "--ranks", 2, code=1)
        self.assertTrue(out.startswith("one.h5: 2 failed runs are tried again\n"), out)
        self.assertEqual(list(self.started() > before), [False, False, True, True])
        self.assertIn("attempt 1 on", self.run_program("log", "one.h5", self.runs[3]))
        self.run_program("run", "one.yaml", "train.steps=60", "-o", "fine.h5", "--ranks", 1)
        self.assertEqual(self.run_program("retry", "--failed", "fine.h5"),
                         "fine.h5: no run has failed; nothing to do\n")

    def test_one_run_is_shown(self):
        self.assertEqual(self.states, ["done", "done", "timeout", "timeout"])
        self.look_at_the_log()
        self.look_at_a_run()
        self.look_at_json()
        self.look_at_no_run()


program.main()
