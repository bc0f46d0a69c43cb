"""Without this, the report could judge a claim by other runs, or by another figure than it names."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from report_file import SOURCE, Small, numpy

from reporting import checks, claims, paper2, published, sequences, statistics


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

    def test_the_error_at_the_end_is_that_of_no_loss_before(self):
        ends = {"test_loss_error": ([], [.1, .2])}
        data = self.small({"model.depth": [1, 2]}, {"step": (["evaluation"], [[0, 1], [0, 5]]),
                                                    "test_loss": (["evaluation"], [[3., 2], [6, 5]]), **ends}, {"evaluation": [0, 1]})
        for step, depth, error in ((5, 2, .2), (1, 1, .1), (0, 2, numpy.nan)):
            judged = checks.judge(checks.Check("claim", paper2.at_step("test_loss", step), {"model__depth": depth}), data)
            numpy.testing.assert_allclose(judged.half_width, 1.96 * error)

    def test_a_value_of_a_curve_is_that_of_a_step_or_none(self):
        for step, found in ((1, [2]), (5, [5]), (4, []), (10, [4]), (0, [3, 6])):
            with self.subTest(step):
                self.assertEqual(list(checks.Check("claim", paper2.at_step("test_loss", step)).values(self.sweep)), found)


class Figures(Small):
    """What is judged, against what a small column has for it; NaN: what a run does not have."""

    def found(self, figure, sweep_file, **where):
        return checks.Check("claim", figure, where).values(sweep_file).tolist()

    def forecasts(self):
        """Two runs on the same sequences of two tokens, and {(algorithm, pairs): mean loss}."""
        names = list(sequences.ALGORITHMS) + [f"{name}_on_{what}" for name in ("least_squares", "chebyshev", "best_polynomial")
                                              for what in ("features", "window")]
        values = numpy.arange(2. * len(names) * 2).reshape(2, len(names), 2)
        means = {(name, known): (values[0, i, k] + values[1, i, k]) / 2
                 for i, name in enumerate(names) for k, known in enumerate(("inclusive", "lagged"))}
        return means, self.small({"seed": [0, 1]}, {"forecast_loss": (["position", "forecast", "known_pairs"], [values] * 2)},
                                 {"position": [0, 1], "forecast": names, "known_pairs": ["inclusive", "lagged"]})

    def test_a_forecast_is_that_of_its_algorithm_and_its_pairs_once_for_all_runs(self):
        means, data = self.forecasts()
        for (name, known), mean in means.items():
            self.assertEqual(self.found(paper2.forecast(name, known), data), [mean])

    def test_a_claim_on_an_algorithm_asks_for_the_pairs_that_it_names(self):
        means, data = self.forecasts()
        asked = {"Chebyshev, 6 learned steps": "chebyshev", "the best 6 steps of any (a, b)": "best_polynomial",
                 "least squares": "least_squares", "Neumann, 6 steps": "neumann", "Newton-Schulz, 6 steps": "newton_schulz",
                 "Richardson at the best rate, 6 steps": "richardson", "least squares on states": "least_squares",
                 "least squares on features": "least_squares_on_features",
                 "least squares on a window of 16": "least_squares_on_window"}
        for on, what in (("it", "window"), ("features", "features")):
            asked |= {f"Chebyshev on {on}, 6 steps": f"chebyshev_on_{what}",
                      f"the best 6 steps on {on}": f"best_polynomial_on_{what}"}
        seen = set()
        for check in (check for known in claims.PAGES.values() for check in known.checks):
            told = re.match(r"(.*), (lagged|inclusive): mean loss", check.claim)
            if told:
                seen.add(told.group(1))
                self.assertEqual(check.values(data).tolist(), [means[asked[told.group(1)], told.group(2)]], check.claim)
        self.assertEqual(seen, set(asked))

    def test_an_algorithm_has_the_interval_of_its_evaluation_set(self):
        losses, errors = [[[1., 2], [3, 4]], [[5, 6], [7, 9]]], [[.1, .2], [.3, .4]]
        data = self.small({"seed": [0, 1]}, {"forecast_loss": (["position", "forecast", "known_pairs"], [losses] * 2),
                                             "forecast_loss_error": (["forecast", "known_pairs"], [errors] * 2)},
                          {"position": [0, 1], "forecast": ["zero", "chebyshev"], "known_pairs": ["inclusive", "lagged"]})
        judged = checks.judge(checks.Check("claim", paper2.forecast("chebyshev", "lagged"), high=6), data)
        self.assertEqual((judged.found, judged.verdict), (6.5, "open"))
        self.assertAlmostEqual(judged.half_width, 1.96 * .4, 12)

    def test_models_are_divided_by_an_algorithm_on_their_sequences(self):
        losses = [[[1., 2], [3, 4]], [[5, 6], [7, 9]]]
        data = self.small({"seed": [0, 1]}, {"forecast_loss": (["position", "forecast", "known_pairs"], [losses] * 2),
                                             "test_loss": ([], [13., 26])},
                          {"position": [0, 1], "forecast": ["zero", "chebyshev"], "known_pairs": ["inclusive", "lagged"]})
        self.assertEqual(self.found(paper2.over_forecast("chebyshev", "lagged"), data), [2, 4])

    def test_an_average_is_over_what_each_run_has(self):
        data = self.small({"model.depth": [1, 2]},
                          {"sparsity_qk": (["layer", "head"], [[[1, 2], [numpy.nan] * 2], [[1, 2], [3, 6]]])},
                          {"layer": [0, 1], "head": [0, 1]})
        self.assertEqual(self.found(paper2.average("sparsity_qk"), data), [1.5, 3])

    def evaluated(self):
        """A mesa model with one seed and a softmax one with two, each on two sets; shots at every other position."""
        gap = numpy.nan
        return self.small({"model.layers": ["mesa*", "softmax*", "softmax*"]},
                          {"test_loss": ([], [2., 4, 12]), "sets_loss": (["set"], [[1., 3], [4, 6], [8, 2]]),
                           "sets_position_loss": (["set", "position"], [[[gap, 1, gap, 2], [gap, 3, gap, 5]],
                                                                        [[gap, 2, gap, 4]] * 2, [[gap, 6, gap, 12]] * 2])},
                          {"set": [0, 1], "position": numpy.arange(4)})

    MESA, SOFTMAX = {"model__layers": "mesa*"}, {"model__layers": "softmax*"}

    def test_each_evaluation_set_counts(self):
        self.assertEqual(self.found(paper2.sets, self.evaluated(), **self.MESA), [1, 3])
        self.assertEqual(self.found(paper2.sets, self.evaluated(), **self.SOFTMAX), [4, 6, 8, 2])

    def test_shots_are_counted_from_one_among_the_positions_that_predict(self):
        for count, found in ((1, [1, 3]), (2, [2, 5]), (3, [])):
            self.assertEqual(self.found(paper2.shot(count), self.evaluated(), **self.MESA), found)

    def test_a_ratio_is_over_the_mean_of_the_other_runs(self):
        data = self.evaluated()
        for figure, found in ((paper2.end, [2 / 8]), (paper2.sets, [1 / 5, 3 / 5]), (paper2.shot(2), [2 / 8, 5 / 8])):
            self.assertEqual(self.found(paper2.over(self.MESA, self.SOFTMAX, figure), data), found)
        self.assertEqual(self.found(paper2.over(self.SOFTMAX, self.MESA), data), [2, 6])

    def judged(self, words, *parts):
        """What is found for each claim of any page that has these words."""
        asked = [check for known in claims.PAGES.values() for check in known.checks if re.search(words, check.claim)]
        return [check.values(self.small(*parts)).tolist() for check in asked]

    def test_claims_of_one_model_over_another_divide_in_that_order(self):
        models = ({"model.layers": ["softmax mesa*", "softmax*", "mesa*", "linear*"], "model.depth": [2, 7, 1, 1]},
                  {"test_loss": ([], [2., 4, 3, 6]), "sets_loss": (["set"], [[2.], [4], [3], [6]])}, {"set": [0]})
        self.assertEqual(self.judged("^softmax and mesa over seven|^the paper: the mesa|^a digest", *models), [[.5]] * 5)
        depths = ({"model.layers": ["mesa*", "linear*", "linear*"], "model.depth": [1, 1, 6]},
                  {"test_loss": ([], [3., 6, 1.5])}, {})
        self.assertEqual(self.judged(": mesa layer over one linear layer", *depths), [[.5]] * 2)
        self.assertEqual(self.judged(": six linear layers over one", *depths), [[.25]] * 2)
        told = ({"model.eos": [2, 0]}, {"sets_position_loss": (["set", "position"], [[[1.] * 40], [[2.] * 40]])},
                {"set": [0], "position": numpy.arange(40)})
        self.assertEqual(self.judged("EOS over plain", *told), [[.5]] * 8)

    def test_a_loss_after_some_steps_is_that_of_the_step_in_its_claim(self):
        steps = numpy.arange(0, 15001, 50)
        columns = {"step": steps, "test_loss": steps + .5, "train_loss": steps + .25}
        data = self.small({"seed": [0]}, {name: (["evaluation"], [values]) for name, values in columns.items()}, {"evaluation": steps})
        told = {}
        for check in (check for known in claims.PAGES.values() for check in known.checks):
            after = re.search(r"after ([\d,]+) steps", check.claim)
            if after:
                told[check.claim] = check
                self.assertEqual(check.values(data).tolist(), [int(after.group(1).replace(",", "")) + .5], check.claim)
        for title, curve in published.CURVES.items():
            for step, level in curve.items():
                known = "to reproduce" if title.startswith("limit") else "published"
                self.assertTrue(told[f"{title}: loss after {step:,} steps ({known}: {level})"].open)

    def probed(self):
        """R^2 [run, layer, token, target]; the first run has a layer less."""
        values = numpy.arange(2. * 3 * 2 * 2).reshape(2, 3, 2, 2) ** 2
        values[0, 2] = numpy.nan
        return values, self.small({"model.depth": [1, 2]}, {"sequence_probe_r2": (["layer", "position", "state_target"], values)},
                                  {"layer": [0, 1, 2], "position": [0, 1], "state_target": ["next", "past_1"]})

    def test_what_is_decoded_is_the_target_at_that_layer_and_token(self):
        values, data = self.probed()
        self.assertEqual(self.found(paper2.decoded("past_1", 1, 2), data), [values[0, 1, 1, 1], values[1, 1, 1, 1]])
        self.assertEqual(self.found(paper2.decoded("next", -1, 1), data), [values[0, 1, 0, 0], values[1, 2, 0, 0]])

    def test_what_a_first_layer_holds_is_read_off_it_at_token_25(self):
        values = numpy.arange(3. * 3 * 26 * 3).reshape(3, 3, 26, 3)
        parts = ({"model.layers": ["softmax*", "softmax mesa*", "mesa*"], "model.depth": [7, 2, 2]},
                 {"sequence_probe_r2": (["layer", "position", "state_target"], values)},
                 {"layer": [0, 1, 2], "position": numpy.arange(26), "state_target": ["past_1", "past_2", "past_3"]})
        for run, first in enumerate(("softmax first", "softmax before a mesa layer", "mesa first")):
            self.assertEqual(self.judged(f"^{first}: R", *parts), [[value] for value in values[run, 1, 24]])

    def test_a_gain_is_the_last_layer_of_each_run_less_the_input(self):
        values, data = self.probed()
        self.assertEqual(self.found(paper2.gain("next", 2), data),
                         [values[0, 1, 1, 0] - values[0, 0, 1, 0], values[1, 2, 1, 0] - values[1, 0, 1, 0]])

    def test_a_token_that_the_stream_carries_is_no_copy_of_the_one_before(self):
        """Token 25 depends on itself, as in a model that has learned nothing, and hardly on others; in the second run on
        the one before. What token 5 depends on does not count."""
        others = [[9, 8, 7, 6, 5, 4], [1, .003, .003, .003, .003, .003]], [[9, 8, 7, 6, 5, 4], [1, 5, 1, 2, 3, 4]]
        data = self.small({"model.depth": [1, 2]}, {"copy_sensitivity": (["copying", "back"], others)},
                          {"copying": [5, 25], "back": numpy.arange(6)})
        numpy.testing.assert_allclose(self.found(paper2.copied, data), [1, 2])

    def test_a_condition_is_the_last_layer_s_over_the_data_s_at_the_nearest_token_that_has_one(self):
        gap = numpy.nan
        data = self.small({"model.depth": [1, 2]},
                          {"condition_preconditioned": (["layer", "position"],
                                                        [[[gap, 40, 30, gap], [gap, 20, 3, gap], [gap] * 4],
                                                         [[8, 8, 8, 8], [9, 9, 9, 9], [4, 2, 1, 8]]])},
                          {"layer": [0, 1, 2], "position": numpy.arange(4)})
        for token, found in ((1, [.5, .5]), (2, [.5, .25]), (3, [.1, .125]), (9, [.1, 1])):
            self.assertEqual(self.found(paper2.conditioned(token), data), found)

    def test_every_depth_and_rate_has_a_row_for_its_end(self):
        rows = [check.claim for check in claims.PAGES["paper2-rate-steps"].checks]
        for depth, steps in (("two", "15,000"), ("four", "10,000"), ("six", "8,000")):
            for rate in ("0.0001", "0.0003", "0.001"):
                self.assertIn(f"{depth} layers, rate {rate}: loss after {steps} steps", rows)

    def test_levels_of_an_f_that_is_not_printed_are_found(self):
        asked = {check.claim: check for check in claims.PAGES["paper2-nonlinear"].checks if "least squares" in check.claim}
        self.assertEqual([claim.rpartition("(")[2] for claim in asked], ["published: 0.0921)", "published: 0.0467)"])
        self.assertTrue(all(check.open for check in asked.values()))

    def test_a_linearised_layer_is_compared_with_the_model(self):
        data = self.small({"model.depth": [2, 1]}, {"linearised_loss": (["layer"], [[2, 3, 8], [4, 5, numpy.nan]])},
                          {"layer": [0, 1, 2]})
        for layer, found in ((1, [1.5, 1.25]), (2, [4]), (-1, [4, 1.25])):
            self.assertEqual(self.found(paper2.linearised(layer), data), found)

    def test_a_transformer_is_divided_by_gd_at_a_point_and_up_to_one(self):
        data = self.small({"seed": [0, 1]},
                          {"range_loss": (["algorithm", "range"], [[[2., 3, 9], [1, 2, 2]], [[8, 5, 1], [4, 4, 9]]])},
                          {"algorithm": ["transformer", "gd"], "range": [1., 1.5, 2]})
        self.assertEqual(self.found(claims.at("range_loss", "range", 1.5), data), [1.5, 1.25])
        self.assertEqual(self.found(claims.excess("range_loss", "range", 1.5), data), [1, 1])
        self.assertEqual(self.found(claims.excess("range_loss", "range", 2), data), [3.5, 1])

    def test_a_quotient_of_curves_is_that_of_their_ends(self):
        data = self.small({"seed": [0, 1]}, {"copy_next": (["layer"], [[1., 8], [1, 6]]), "copy_others": ([], [2., 3])},
                          {"layer": [0, 1]})
        self.assertEqual(self.found(claims.quotient("copy_next", "copy_others"), data), [4, 2])

    def test_a_run_is_compared_with_trained_gd_of_its_seed(self):
        kinds = ["transformer", "transformer", "gdpp", "gdpp", "gdpp"]
        data = self.small({"model.kind": kinds, "model.depth": [2, 2, 2, 2, 3], "seed": [1, 2, 2, 1, 1]},
                          {"test_loss_trimmed": ([], [3., 5, 10, 4, 9])}, {}, {"model.weights": "per_layer"})
        self.assertEqual(self.found(claims.over_trained(2), data, model__kind="transformer"), [3 / 4, 5 / 10])
        self.assertEqual(self.found(claims.over_trained(5), data, model__kind="transformer"), [])

    def test_what_a_file_does_not_have_is_not_run(self):
        data = self.small({"seed": [0]}, {"x": ([], [1.])}, {})
        for figure in (paper2.at_step("test_loss", 1), paper2.forecast("zero", "lagged"), paper2.average("y"), paper2.sets,
                       paper2.shot(1), paper2.decoded("next", 0, 1), paper2.copied, paper2.conditioned(1),
                       paper2.linearised(1), paper2.over_forecast("zero", "lagged"), claims.at("y", "range", 1), claims.excess("y", "range", 1), claims.quotient("x", "y"), "y"):
            self.assertEqual(self.found(figure, data), [])


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

    def test_near_is_so_much_of_it_on_both_sides(self):
        for share, found, verdict in ((.1, 1.9, "yes"), (.1, 2.1, "yes"), (.1, 1.7, "no"), (.1, 2.3, "no")):
            self.assertEqual(self.verdict([found], **paper2.near(2, share)), verdict)

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
