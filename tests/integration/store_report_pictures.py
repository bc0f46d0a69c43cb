"""Without this, a picture of the report could show other runs than it names, or leave some out and not say so."""

import os
import sys
import types
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from report_file import Small, numpy, sweep

from reporting import drawing, figures, published, sequences


def axis(name, points):
    points = numpy.array(points)
    return types.SimpleNamespace(name=name, points=points, of=lambda rows: points, labelled=points.dtype.kind == "U")


class Drawn(Small):
    def tearDown(self):
        drawing.plt.close("all")


class Groups(Drawn):
    """Four runs of two depths; the deeper ones train longer, with another clip."""

    def setUp(self):
        super().setUp()
        self.sweep = self.small(
            {"model.depth": [1, 1, 2, 2], "train.clip_norm": [.1, .1, 10, 10], "seed": [0, 1, 0, 1]},
            {"step": (["evaluation"], [[0, 1, 2]] * 2 + [[0, 5, 10]] * 2),
             "test_loss": (["evaluation"], numpy.ones((4, 3))), "gd_loss": ([], [.5] * 4)},
            {"evaluation": numpy.arange(3)})

    def test_a_group_has_all_its_pictures_or_none_and_the_others_are_counted(self):
        values = numpy.ones((drawing.MANY, 2, 3, 4))
        values[1:, ..., 3] = numpy.nan  # a point that the first group alone has
        column = types.SimpleNamespace(name="probe_r2", values=values, of=lambda rows: values[rows],
                                       axes=[axis("layer", [0, 1]), axis("position", [0, 1, 2]), axis("target", [*"abcd"])])
        figure, left = figures.pictures(column, [({"model.depth": i}, [i]) for i in range(drawing.MANY)])
        whole = 1 + (drawing.MANY - 4) // 3
        self.assertEqual(left, drawing.MANY - whole)
        self.assertEqual(sum("depth" in axes.get_title() for axes in figure.axes), 4 + 3 * (whole - 1))

    def test_a_setting_that_follows_from_another_is_not_named(self):
        self.assertEqual([settings for settings, _ in self.sweep.groups()], [{"model.depth": 1}, {"model.depth": 2}])

    def test_panels_are_those_of_a_key(self):
        figure, _ = figures.draw(self.sweep, "test_loss by model.depth")
        self.assertEqual([axes.get_title() for axes in figure.axes], ["depth 1", "depth 2"])
        drawn = [[list(line.get_xdata()) for line in axes.get_lines() if line.get_linestyle() == "-"] for axes in figure.axes]
        self.assertEqual(drawn, [[[0, 1, 2]], [[0, 5, 10]]])

    def test_runs_that_are_asked_for_have_a_result_and_these_settings(self):
        self.sweep.state = numpy.array(["done", "pending", "diverged", "done"])
        self.sweep.constant = {"task.kind": "fixed_dynamics"}
        for where, expected in (({}, [0, 2, 3]), ({"model__depth": 2}, [2, 3]), ({"task__kind": "fixed_dynamics", "seed": 0}, [0, 2]),
                                ({"task__kind": "linear_dynamics"}, []), ({"no__key": 1}, [0, 2, 3])):
            self.assertEqual(list(self.sweep.rows(**where)), expected)

    def test_a_word_stands_alone_where_it_tells_what_it_is(self):
        settings = {"model.layers": "mesa*", "model.depth": 2, "model.frozen": "momentum"}
        self.assertEqual(drawing.label(settings), "mesa*, depth 2, frozen momentum")

    def test_keys_of_the_grid_name_groups_before_others_in_its_order(self):
        after = "\n  seed: 0\nwhen:\n  - {if: {model.depth: 1}}\n"
        for keys in (["train.clip_norm"], ["train.clip_norm", "model.depth"], ["model.depth", "train.clip_norm"]):
            with self.subTest(keys=keys):
                yaml = "set:\n  model.heads: 1\ngrid: # two\n" + "".join(f"  {key}: [1, 2]\n" for key in keys) + after
                self.assertEqual(sweep.grid(yaml), [*keys, "seed"])
                self.sweep.attributes["sweep"] = yaml
                self.assertEqual([list(settings) for settings, _ in self.sweep.groups()], [keys] * 2)

    def test_a_key_of_the_grid_with_one_value_is_not_named_and_identities_only_if_nothing_else_is(self):
        self.sweep.attributes["sweep"] = "grid:\n  start.run: [a, b]\n  train.clip_norm: [1]\n"
        self.sweep.keys["start.run"] = numpy.array(["a", "a", "b", "b"])
        self.sweep.keys["train.clip_norm"] = numpy.ones(4)
        self.assertEqual([list(settings) for settings, _ in self.sweep.groups()], [["model.depth"]] * 2)
        self.sweep.keys["model.depth"] = numpy.ones(4)
        self.assertEqual([list(settings) for settings, _ in self.sweep.groups()], [["start.run"]] * 2)

    def test_a_curve_is_drawn_over_its_own_steps(self):
        figure, _ = figures.draw(self.sweep, "test_loss")
        drawn = [list(line.get_xdata()) for line in figure.axes[0].get_lines() if line.get_linestyle() == "-"]
        self.assertEqual(drawn, [[0, 1, 2], [0, 5, 10]])

    def test_every_group_has_a_column_of_layers_and_every_target_a_row_of_one_scale(self):
        values = numpy.arange(4 * 2 * 3 * 3, dtype=float).reshape(4, 2, 3, 3)
        values[..., 1] = numpy.nan  # a target that no group has
        column = types.SimpleNamespace(
            name="sequence_probe_r2", unit="1", values=values, of=lambda rows: values[rows],
            axes=[axis("layer", [0, 1]), axis("position", [0, 1, 2]), axis("state_target", ["next", "features", "past_1"])])
        groups = [({"model.layers": "softmax*"}, [0, 1]), ({"model.layers": "mesa*"}, [2, 3])]
        figure, left = sequences.layered(column, groups)
        self.assertEqual(left, 0)
        self.assertEqual([axes.get_title() for axes in figure.axes], ["softmax*", "mesa*", "", ""])
        self.assertEqual([figure.axes[i].get_ylabel() for i in (0, 2)], ["next", "past 1"])
        drawn = [[list(line.get_ydata()) for line in axes.get_lines()] for axes in figure.axes]
        self.assertEqual(drawn[3], [list(values[2:, layer, :, 2].mean(axis=0)) for layer in (0, 1)])
        for left, right in (figure.axes[:2], figure.axes[2:]):
            self.assertEqual(left.get_ylim(), right.get_ylim())

    def test_what_is_no_number_has_a_place_for_each_group(self):
        self.sweep.keys["model.depth"] = numpy.array(["mesa*", "mesa*", "linear*", "linear*"])
        self.sweep.keys["train.clip_norm"] = numpy.ones(4)
        figure, _ = figures.draw(self.sweep, "gd_loss")
        places = [float(line.get_xdata()[0]) for line in figure.axes[0].get_lines() if len(line.get_xdata()) == 1]
        self.assertEqual(sorted(set(places)), [0, 1])

    def test_tokens_are_counted_from_1_and_shots_by_themselves(self):
        gap = numpy.nan
        for values, x, word in (([[[1, 2, 3]]], [1, 2, 3], "token of the sequence"), ([[[1, gap, 2, gap, 3]]], [1, 2, 3], "shot"),
                                ([[[gap, gap, 1, 2, 3]]], [3, 4, 5], "token of the sequence")):
            column = types.SimpleNamespace(name="x", unit="1", of=lambda rows, values=values: numpy.array(values)[rows])
            figure, _ = sequences.sets(column, [({}, [0])])
            self.assertEqual((list(figure.axes[0].get_lines()[0].get_xdata()), figure.axes[0].get_xlabel()), (x, word))
        points, word = drawing.along(axis("position", [0, 1, 2]), [0])
        self.assertEqual((list(points), word), ([1, 2, 3], "token of the sequence"))

    def test_products_are_those_of_each_head(self):
        query, key, value, project = numpy.arange(32.).reshape(4, 2, 4)
        found = {"layer0/query": query, "layer0/key": key + 1, "layer0/value": value, "layer0/project": project.T}
        for head, name, matrix in sequences.products(found, 0, 2):
            at = slice(2 * head, 2 * head + 2)
            left, right = (query, key.T + 1) if name == "QK" else (value, project.T)
            self.assertEqual(matrix.tolist(), (left[:, at] @ right[at]).tolist())

    def test_a_layer_has_one_colour_in_all_panels(self):
        shallow, deep = [[1.], [2.], [numpy.nan]], [[1.], [2.], [3.]]
        colours = sequences.colours_of([numpy.array(shallow), numpy.array(deep)])
        figure, places = figures.panels(2)
        layers = types.SimpleNamespace(name="layer", labelled=False, points=numpy.arange(3))
        for axes, values in zip(places, (shallow, deep)):
            sequences.draw_layers(axes, numpy.array(values), layers, [1], colours)
        drawn = [{line.get_label(): tuple(line.get_color()) for line in axes.get_lines()} for axes in figure.axes]
        self.assertEqual([len(lines) for lines in drawn], [2, 3])
        self.assertEqual(drawn[0], {name: drawn[1][name] for name in drawn[0]})
        self.assertEqual(len(set(drawn[1].values())), 3)

    def test_a_name_has_one_colour_in_all_panels(self):
        column, colours = self.sweep.columns["test_loss"], {}
        figure, places = figures.panels(2)
        groups = [({"a": 1, "b": 1}, [0]), ({"a": 1, "b": 2}, [1]), ({"a": 2, "b": 2}, [2])]
        for axes, members, shared in zip(places, (groups[:2], groups[2:]), ({"a": 1}, {"a": 2})):
            sequences.curves(axes, numpy.arange(3), column, members, shared, colours)
        self.assertEqual([[(line.get_label(), line.get_color()) for line in axes.get_lines()] for axes in figure.axes],
                         [[("b 1", "C0"), ("b 2", "C1")], [("b 2", "C1")]])

    def levels(self, gd, style="--"):
        """(height, words) of the dashed lines, or of those of another style, when the losses of GD are these."""
        self.sweep.columns["gd_loss"].values[:] = gd
        figure, _ = figures.draw(self.sweep, "test_loss")
        return [(line.get_ydata()[0], "" if line.get_label().startswith("_") else line.get_label())
                for line in figure.axes[0].get_lines() if line.get_linestyle() == style]

    def test_the_level_of_gd_is_named_once(self):
        self.assertEqual(self.levels(.5), [(.5, "GD")])
        self.assertEqual(self.levels([.5, .5, .25, .25]), [(.5, "GD, in the same colours"), (.25, "")])
        self.assertEqual(self.levels([.5, .5, numpy.nan, numpy.nan]), [(.5, "GD, in the same colours")])
        self.assertEqual(self.levels(numpy.nan), [])

    def test_the_published_level_is_that_of_the_model(self):
        self.assertEqual(self.levels(.5, ":"), [], "of settings that the file does not have, none")
        self.sweep.constant |= {key: str(value) for key, value in published.linear(None).items()}
        one, two = (published.MODELS[f"linear {depth}"].mean for depth in (1, 2))
        self.assertEqual(self.levels(.5, ":"), [(one, "published, in the same colours"), (two, "")])
        self.sweep.keys["model.depth"][2:] = 4
        self.assertEqual(self.levels(.5, ":"), [(one, "published, in the same colours")])
        self.sweep.constant["task.noise"] = "0.02"
        self.assertEqual(self.levels(.5, ":"), [])

    def test_a_level_of_gd_far_above_the_ends_of_the_curves_is_not_drawn(self):
        self.sweep.columns["test_loss"].values[:] = [[9, 1.1, 1.05], [9, 1.1, 1.05], [9, 1, 1], [9, 1, 1]]
        self.sweep.columns["test_loss"].axes[0].steps = numpy.array([[0, 1, 100]] * 4)
        self.assertEqual(self.levels(5), [])
        for gd in (1.1, .5):
            self.assertEqual(self.levels(gd), [(gd, "GD")])
            figure, _ = figures.draw(self.sweep, "test_loss")
            low, high = figure.axes[0].get_ylim()
            self.assertTrue(low < min(gd, 1) and 1.1 < high < 2, (low, high))
            self.assertEqual(figure.axes[0].get_ylabel(), "test loss, cut off above")
        self.sweep.columns["test_loss"].values[:] = 1
        self.assertEqual(figures.draw(self.sweep, "test_loss")[0].axes[0].get_ylabel(), "test loss")


class Frames(Drawn):
    """Losses that begin at 9 and are observed in eleven steps."""

    def framed(self, goals, *curves):
        figure, (axes,) = drawing.panels(1)
        for curve in curves:
            axes.plot(numpy.arange(11), [9, *curve])
        found = figures.frame(axes, goals)
        return None if found is None else found.round(9).tolist()

    def test_ends_that_are_near_each_other_are_told_apart(self):
        self.assertEqual(self.framed([], [1.5] * 9 + [1.1], [1.4] * 9 + [1]), [1, 1 + .1 / figures.ENDS])
        self.assertEqual(self.framed([.8], [1.5] * 9 + [1.1], [1.4] * 9 + [1]), [.8, .8 + round(.3 / figures.ENDS, 9)])
        self.assertEqual(self.framed([1.1], [1.5] * 9 + [1]), [1, 1 + .1 / figures.ENDS], "also from a level")

    def test_what_a_curve_has_after_a_quarter_of_its_steps_is_shown_and_its_lowest(self):
        self.assertEqual(self.framed([], [6, 5, 3, *[2] * 6, 1.1], [2] * 8 + [.9, 1]), [.9, (5 + 3) / 2])

    def test_ends_that_are_apart_or_alone_need_no_frame(self):
        self.assertIsNone(self.framed([], [1.5] * 10, [5] * 10))
        self.assertIsNone(self.framed([], [1.5] * 10))
        self.assertIsNone(self.framed([], [6] * 9 + [1.1], [6] * 9 + [1]), "nor a frame of more than half of the whole")


class Tokens(Drawn):
    """Losses of a linear layer, of a softmax one and of all algorithms at three tokens of the published data."""

    NAMES = [*sequences.ALGORITHMS, "least_squares_on_features", "something_new", "chebyshev_on_window"]

    def setUp(self):
        super().setUp()
        self.values = 1 + numpy.arange(3. * len(self.NAMES) * 2).reshape(3, len(self.NAMES), 2)
        self.values[:, -1] = numpy.nan  # the task has no window
        config = published.linear(1)
        del config["model.layers"]
        self.sweep = self.small({"model.layers": ["linear*", "softmax*"]},
                                {"position_loss": (["position"], numpy.ones((2, 3))),
                                 "forecast_loss": (["position", "forecast", "known_pairs"], [self.values] * 2)},
                                {"position": [0, 1, 2], "forecast": self.NAMES, "known_pairs": ["inclusive", "lagged"]}, config)

    def drawn(self, name):
        """[{words: heights}] of the panels, and their figure."""
        figure, _ = figures.draw(self.sweep, name)
        return [{line.get_label(): line.get_ydata().tolist() for line in axes.get_lines()} for axes in figure.axes], figure

    def test_published_losses_are_dots_beside_their_model_and_their_algorithms(self):
        (lines,), figure = self.drawn("position_loss")
        dots = {words: heights for words, heights in lines.items() if words.startswith("published")}
        levels = [published.MODELS["linear 1"], *published.ALGORITHMS.values()]
        self.assertEqual(dots, {f"published, {level.words}": list(level.losses) for level in levels})
        colours = {line.get_label(): line.get_color() for line in figure.axes[0].get_lines()}
        self.assertEqual(colours["published, one layer"], colours["linear*"])
        self.sweep.keys = {"model.layers": numpy.array(["linear*"] * 2), "model.clip": numpy.array([0, 4])}
        _, figure = self.drawn("position_loss")
        self.assertEqual([line.get_color() for line in figure.axes[0].get_lines() if line.get_label() == "published, one layer"], ["0.3"])
        self.sweep.keys = {}
        self.sweep.constant["task.context"] = "224"
        self.assertEqual([words for words in self.drawn("position_loss")[0][0] if words.startswith("published")], [])

    def test_rivals_of_a_model_are_those_that_are_named(self):
        (lines,), _ = self.drawn("position_loss")
        for words, name, known in (("nothing", "zero", 0), ("one step of GD", "gradient_descent", 0),
                                   ("Chebyshev, 6 steps, lagged", "chebyshev", 1),
                                   ("the best 6 steps, lagged", "best_polynomial", 1),
                                   ("least squares, lagged", "least_squares", 1),
                                   ("least squares on features, lagged", "least_squares_on_features", 1)):
            self.assertEqual(lines[words], self.values[:, self.NAMES.index(name), known].tolist())

    def test_every_algorithm_that_the_data_have_is_drawn_with_the_pairs_that_it_knows(self):
        panels, figure = self.drawn("forecast_loss")
        self.assertEqual([axes.get_title() for axes in figure.axes], ["inclusive pairs", "lagged pairs"])
        words = [sequences.words_of(name) for name in self.NAMES[:-1]]
        self.assertEqual(words[-3:], ["least squares", "least squares on features", "something new"])
        self.assertEqual(len({(line.get_color(), line.get_linestyle()) for line in figure.axes[0].get_lines()}), len(words))
        for known, lines in enumerate(panels):
            self.assertEqual(lines, {text: self.values[:, i, known].tolist() for i, text in enumerate(words)})

    def test_a_caption_names_an_interval_only_where_one_is_drawn(self):
        self.sweep.keys = {"seed": numpy.arange(2)}
        for name, interval in (("position_loss", True), ("forecast_loss", False)):
            self.assertEqual("95 %" in figures.draw(self.sweep, name)[1], interval, name)

    def test_algorithms_on_other_data_have_panels_of_their_own(self):
        self.sweep.columns["forecast_loss"].values[1] *= 2
        panels, figure = self.drawn("forecast_loss")
        self.assertEqual([axes.get_ylabel() for axes in figure.axes], ["linear*", "", "softmax*", ""])
        self.assertEqual(panels[3]["nothing"], (2 * self.values[:, 0, 1]).tolist())


class Together(Drawn):
    """Few shots of one trained model, in two files: plain and with EOS in the first, behind a prefix in the second."""

    def file(self, name, eos, prefix, depth=7):
        columns = {column: (["pair"], numpy.ones((len(eos), 3))) for column in ("shot_loss", "shot_least_squares")}
        return self.small({"model.eos": eos}, columns, {"pair": numpy.arange(3)},
                          {"model.prefix": prefix, "model.layers": "softmax*", "model.depth": depth, "model.embedding": 40,
                           "task.tasks": 1}, name)

    def setUp(self):
        super().setUp()
        self.tuned = self.file("tuned.h5", [0, 2], 0)

    def test_ways_of_telling_a_model_stand_in_one_panel(self):
        figure, left = sequences.shots_together([self.tuned, self.file("prefix.h5", [2], 20)])
        self.assertLessEqual(left, 0)
        self.assertEqual([axes.get_title() for axes in figure.axes], ["layers softmax*, depth 7, embedding 40"])
        self.assertEqual([line.get_label() for line in figure.axes[0].get_lines()],
                         ["plain", "EOS", "prefix + EOS", "least squares of the stream, lagged"])

    def test_a_way_has_one_colour_and_loss_one_scale_in_all_panels(self):
        self.tuned.columns["shot_loss"].values[:] = 4
        apart = [self.file("eos-2.h5", [2], 0, depth=2), self.file("plain-2.h5", [0], 0, depth=2)]
        figure, _ = sequences.shots_together([*apart, self.tuned, self.file("prefix.h5", [2], 20)])
        colours = [{line.get_label(): line.get_color() for line in axes.get_lines()} for axes in figure.axes]
        self.assertEqual([colours[0][told] for told in ("plain", "EOS")], [colours[1][told] for told in ("plain", "EOS")])
        self.assertEqual(*(axes.get_ylim() for axes in figure.axes))

    def test_a_peak_of_least_squares_does_not_press_the_models_flat(self):
        self.tuned.columns["shot_least_squares"].values[:] = [1, 20, .5]
        figure, _ = sequences.shots_together([self.tuned, self.file("prefix.h5", [2], 20)])
        low, high = figure.axes[0].get_ylim()
        self.assertTrue(.4 < low < .5 and 1 < high < 1.1, (low, high))

    def test_models_that_have_no_panel_are_counted(self):
        files = [self.file(f"{part}-{depth}.h5", [2], prefix, depth)
                 for part, prefix in (("eos", 0), ("prefix", 20)) for depth in range(drawing.PANELS + 2)]
        figure, left = sequences.shots_together(files)
        self.assertEqual((len(figure.axes), left), (drawing.PANELS, 2))

    def test_streams_of_several_tasks_are_not_beside_those_of_one(self):
        other = self.file("several.h5", [2], 20)
        other.constant["task.tasks"] = "2"
        self.assertIsNone(sequences.shots_together([self.tuned, other]))

    def test_models_that_no_two_files_share_are_not_drawn(self):
        self.assertIsNone(sequences.shots_together([self.tuned]))
        self.assertIsNone(sequences.shots_together([self.tuned, self.file("other.h5", [2], 20, depth=2)]))


if __name__ == "__main__":
    unittest.main()
