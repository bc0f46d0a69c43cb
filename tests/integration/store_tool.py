"""Without this, tools/mesasweep.py could give users rows that do not count, or other runs' weights."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.environ["MESASWEEP_SOURCE"], "tools"))
from store_file import EVALUATIONS, WithFile, identity, needs, value

needs("h5py", "numpy")

import h5py
import numpy

import mesasweep


class Tool(WithFile):
    def test_runs_has_keys_and_figures_of_each_run(self):
        runs = mesasweep.runs(self.file)
        self.assertEqual(len(runs), self.RUNS)
        self.assertEqual(list(runs[0]), ["run", "state", "model.depth", "train.rate", "tokens.kind",
                                         "model.shared", "seed", "test_loss", "ratio", "steps_done"])
        self.assertEqual(runs[3]["run"], identity(3))
        self.assertEqual(runs[3]["state"], "done")
        self.assertEqual(runs[3]["model.depth"], 2)
        self.assertEqual(runs[3]["tokens.kind"], "séparé")
        self.assertEqual(runs[3]["seed"], 9007199254740996)
        self.assertEqual(runs[3]["test_loss"], value(3, 1, EVALUATIONS - 2))  # it is shorter
        self.assertEqual(runs[6]["state"], "diverged")
        self.assertEqual(runs[6]["ratio"], value(6, 2, 0))

    def test_figures_of_rows_that_do_not_count_are_nan(self):
        runs = mesasweep.runs(self.file)
        for row, state in ((5, "failed"), (self.DONE, "running"), (self.RUNS - 1, "pending")):
            self.assertEqual(runs[row]["state"], state)
            self.assertTrue(numpy.isnan(runs[row]["test_loss"]))

    def test_curves_have_nan_where_there_is_nothing(self):
        step, train, test = mesasweep.curves(self.file)
        self.assertEqual(list(step), [0, 25, 50, 75, 100])
        self.assertEqual(train.shape, (self.RUNS, EVALUATIONS))
        self.assertEqual(test[2, 4], value(2, 1, 4))
        self.assertTrue(numpy.isnan(test[3, 4]))
        self.assertTrue(numpy.isnan(train[self.RUNS - 1]).all())
        self.assertEqual(train[self.DONE, 0], 2)  # of the running row

    def test_weights_are_those_of_the_run(self):
        for run in (0, 1, 2, 3, 8, 10, 11):
            weights = mesasweep.weights(self.file, identity(run))
            names = ["layer0/query", "layer0/project"]
            if run % 2:
                names += ["layer1/query", "layer1/project", "scale"]
            self.assertEqual(set(weights), set(names))
            for tensor, name in enumerate(names):
                flat = weights[name].ravel()
                self.assertEqual(flat[2], value(run, 100 + tensor, 2))
            self.assertEqual(weights["layer0/query"].shape, (4, 6))

    def test_a_run_is_named_by_row_or_by_its_first_characters(self):
        whole = mesasweep.weights(self.file, identity(2))
        for name in (2, identity(2)[:6], numpy.int64(2)):
            numpy.testing.assert_array_equal(
                mesasweep.weights(self.file, name)["layer0/query"], whole["layer0/query"])

    def test_what_is_not_there_is_said(self):
        for run, message in (
                ("ffffffff", "run ffffffff: there is no such run"),
                ("", "run : several runs begin so"),
                (99, "row 99: the file has rows 0 to 23"),
                (5, f"run {identity(5)} is failed: it has no weights yet"),
                (4, f"run {identity(4)} kept no weights (keep.weights: none)")):
            with self.assertRaises(KeyError) as caught:
                mesasweep.weights(self.file, run)
            self.assertEqual(caught.exception.args[0], message)

    def test_an_open_file_stays_open(self):
        with h5py.File(self.file, "r") as file:
            self.assertEqual(len(mesasweep.runs(file)), self.RUNS)
            mesasweep.curves(file)
            mesasweep.weights(file, 0)
            self.assertTrue(file)


if __name__ == "__main__":
    unittest.main()
