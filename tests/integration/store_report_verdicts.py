"""Without this, the report could judge a claim by other runs, or by another figure than it names."""

import os
import sys
import types
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from report_file import SOURCE, Small, numpy

from reporting import checks, claims, paper2, statistics


class Curves(Small):
    """Two runs whose curves differ in length."""

    def setUp(self):
        super().setUp()
        self.sweep = self.small({"model.depth": [1, 2]},
                                {"step": (["evaluation"], [[0, 1, -1], [0, 5, 10]]),
                                 "test_loss": (["evaluation"], [[3, 2, numpy.nan], [6, 5, 4]])},
                                {"evaluation": numpy.arange(3)})

    def test_a_curve_counts_at_the_end_of_its_own_run(self):
        self.assertEqual(list(checks.final(self.sweep.columns["test_loss"], [0, 1])), [2, 4])
        self.assertEqual(list(checks.Check("claim", "test_loss", {"model__depth": 2}).values(self.sweep)), [4])

    def test_a_value_of_a_curve_is_that_of_a_step_or_none(self):
        for step, found in ((1, [2]), (5, [5]), (4, []), (10, [4]), (0, [3, 6])):
            with self.subTest(step):
                self.assertEqual(list(checks.Check("claim", paper2.at_step("test_loss", step)).values(self.sweep)), found)


class Judgement(unittest.TestCase):
    class Fake:
        quick = False

        def __init__(self, values, **more):
            self.columns = {"x": self, **{name: Judgement.Fake(of) for name, of in more.items()}}
            self.values = numpy.array(values, float)

        def rows(self, **where):
            return numpy.arange(len(self.values))

        def of(self, rows):
            return self.values[rows]

    def verdict(self, values, **bounds):
        return checks.judge(checks.Check("claim", "x", **bounds), self.Fake(values)).verdict

    def test_inside_is_yes(self):
        self.assertEqual(self.verdict([1.001, 1.003], low=1, high=1.005), "yes")

    def test_outside_by_more_than_the_interval_is_no(self):
        self.assertEqual(self.verdict([2, 2.001, 2.002], high=1.5), "no")

    def test_outside_within_the_interval_is_open(self):
        self.assertEqual(self.verdict([1, 2, 3], high=1.9), "open")

    def test_one_run_has_no_interval(self):
        self.assertEqual(self.verdict([2], high=1.9), "no")

    def test_the_loss_of_one_run_has_the_interval_of_its_evaluation_set(self):
        def judged(losses, error):
            return checks.judge(checks.Check("claim", "test_loss", high=1.9), self.Fake(losses, test_loss=losses, test_loss_error=error))

        self.assertAlmostEqual(judged([2], [.1]).half_width, .196, 12)
        self.assertEqual(judged([2], [.1]).verdict, "open")
        self.assertEqual(judged([2], [.01]).verdict, "no")
        self.assertAlmostEqual(judged([1, 2, 3], [.1, .1, .1]).half_width, 4.303 / 3**.5, 12)

    def test_quick_runs_are_not_judged(self):
        sweep_file = self.Fake([2])
        sweep_file.quick = True
        self.assertEqual(checks.judge(checks.Check("claim", "x", high=1), sweep_file).verdict, "found")

    def test_a_token_that_the_stream_carries_is_no_copy_of_the_one_before(self):
        """Token 25 depends on itself, as in a model that has learned nothing, and hardly on others."""
        sensitivity = self.Fake([[[1, .003, .003, .003, .003, .003]]])
        sensitivity.axes = [types.SimpleNamespace(points=numpy.array([25]))]
        data = types.SimpleNamespace(columns={"copy_sensitivity": sensitivity})
        self.assertAlmostEqual(float(paper2.copied(data, [0])[0]), 1)

    def test_no_run_is_not_a_yes(self):
        self.assertEqual(self.verdict([], high=1), "not run")
        self.assertEqual(self.verdict([numpy.nan], high=1), "not run")

    def test_without_a_bound_what_is_found_is_the_answer(self):
        self.assertEqual(self.verdict([1, 2]), "found")

    def test_the_interval_is_students(self):
        # 1, 2, 3: deviation 1, t of two degrees of freedom 4.303
        self.assertAlmostEqual(float(statistics.half_width([1, 2, 3])), 4.303 / 3**.5, 12)


class Sweeps(unittest.TestCase):
    def test_every_sweep_of_a_paper_has_a_page_and_every_page_a_sweep(self):
        shipped = {name[:-5] for name in os.listdir(os.path.join(SOURCE, "sweeps"))
                   if name.startswith("paper") and name.endswith(".yaml")}
        self.assertEqual(shipped, set(claims.PAGES))


if __name__ == "__main__":
    unittest.main()
