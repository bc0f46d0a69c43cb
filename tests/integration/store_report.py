"""Without this, tools/report could show runs that do not count, or judge a claim by other runs."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import types
import unittest
from html.parser import HTMLParser

SOURCE = os.environ["MESASWEEP_SOURCE"]
TOOLS = os.path.join(SOURCE, "tools")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TOOLS)
from store_file import WithFile, needs

needs("h5py", "matplotlib", "numpy")

import h5py
import numpy

from reporting import checks, claims, drawing, figures, page, paper2, sequences, statistics, sweep


def report(*arguments):
    return subprocess.run([sys.executable, "-B", os.path.join(TOOLS, "report"), *arguments], text=True,
                          capture_output=True)


class Refusals(WithFile):
    def test_a_file_that_is_not_there_is_one_line(self):
        said = report("nowhere.h5")
        self.assertEqual(said.returncode, 2)
        self.assertEqual(said.stderr.count("\n"), 1)
        self.assertIn("nowhere.h5", said.stderr)
        self.assertFalse(os.path.exists("report.html"))

    def test_a_folder_is_one_line(self):
        said = report(self.folder)
        self.assertEqual((said.returncode, said.stderr), (2, f"report: {self.folder}: is a folder, no result file\n"))

    def test_a_page_that_can_not_be_written_is_one_line_with_its_path(self):
        place = os.path.join(self.folder, "nowhere", "page.html")
        said = report(self.file, "-o", place)
        self.assertEqual((said.returncode, said.stderr),
                         (2, f"report: {place}: can not be written: No such file or directory\n"))

    def test_a_file_of_something_else_is_one_line(self):
        path = os.path.join(self.folder, "other.h5")
        import h5py
        with h5py.File(path, "w") as file:
            file["x"] = 1
        said = report(path, "-o", os.path.join(self.folder, "other.html"))
        self.assertEqual(said.returncode, 2)
        self.assertEqual(said.stderr, f"report: {path}: no result file of mesasweep\n")


class Names(HTMLParser):
    """Everything that a browser would fetch."""

    def __init__(self, text):
        super().__init__()
        self.sources, self.figures, self.tags = [], 0, {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.figures += tag == "figure"
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.sources += [value for name, value in attributes if name in ("src", "href")]


class Page(WithFile):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.page = os.path.join(cls.folder, "page.html")
        cls.pictures = os.path.join(cls.folder, "pictures")
        cls.said = report(cls.file, "-o", cls.page, "--pictures", cls.pictures)
        assert cls.said.returncode == 0, cls.said.stderr
        with open(cls.page, encoding="utf-8") as file:
            cls.text = file.read()

    def test_it_needs_nothing_from_elsewhere(self):
        for source in Names(self.text).sources:
            self.assertTrue(source.startswith(("#", "data:image/png;base64,")), source[:60])

    def test_every_column_of_numbers_has_a_picture_in_it_and_as_files(self):
        figures = Names(self.text).figures
        self.assertGreaterEqual(figures, 4)  # train_loss, test_loss, ratio, probe_r2
        files = os.listdir(self.pictures)
        self.assertEqual(sum(name.endswith(".png") for name in files), figures)
        self.assertEqual(sum(name.endswith(".svg") for name in files), figures)

    def test_files_of_one_sweep_keep_their_own_pictures_and_places(self):
        """Parts of a sweep that ran apart: same name, and two of them in folders of their own with the same file name."""
        parts = [os.path.join(self.folder, name) for name in ("part/a.h5", "other/a.h5", "other/b.h5")]
        for part in parts:
            os.makedirs(os.path.dirname(part), exist_ok=True)
            shutil.copy(self.file, part)
        pictures = self.pictures + "-parts"
        said = report(*parts, "-o", os.path.join(self.folder, "parts.html"), "--pictures", pictures)
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertEqual(len(os.listdir(pictures)), 3 * len(os.listdir(self.pictures)))
        with open(os.path.join(self.folder, "parts.html"), encoding="utf-8") as file:
            text = file.read()
        places = re.findall(r' id="([^"]*)"', text)
        self.assertEqual(len(places), len(set(places)))
        name = sweep.Sweep(self.file).name
        self.assertEqual(re.findall(r"<h2[^>]*>([^<]*)", text), [f"{name}: {part}" for part in ("a", "a-2", "b")])
        self.assertEqual([source[1:] for source in Names(text).sources if source[1:] not in places and source[0] == "#"], [])

    def test_it_says_how_the_runs_differ_from_the_sweep_of_that_name(self):
        path = os.path.join(self.folder, "changed.h5")
        shutil.copy(self.file, path)
        for quick, overrides, words in ((1, "train.steps=5\nmodel.depth=2",
                                         ", quick: nothing is expected of it, with train.steps=5 model.depth=2"),
                                        (0, "", "")):
            with h5py.File(path, "r+") as file:
                file.attrs["quick"], file.attrs["overrides"] = quick, overrides
            self.assertRegex(report(path, "--markdown").stdout.splitlines()[0], f"core hours{words}$")

    def test_text_of_the_file_is_no_markup(self):
        """Every text and every name that somebody could put into a file, as markup, formula and escape sequence."""
        evil = """</title></pre><script>alert(1)</script><img src=x onerror='alert(2)'>"&$\\frac{$ \x1b[2J\u202e"""
        path = os.path.join(self.folder, "evil <b>$x$.h5")
        shutil.copy(self.file, path)
        with h5py.File(path, "r+") as file:
            for group in (file, file["results"], file["results/test_loss"], file["results/train_loss"]):
                for name, value in group.attrs.items():
                    if isinstance(value, str) and name not in ("coordinates", "format"):
                        group.attrs[name] = evil
            for name in file["results"].attrs["coordinates"].split():
                if file["results"][name].dtype.kind == "O":
                    file["results"][name][:] = evil
            file["results"].move("ratio", "$\\ratio{<script>alert(3)<|script>")
            file["config"].attrs["model.evil"] = evil
        said = report(path, "-o", os.path.join(self.folder, "evil.html"), "--pictures", self.pictures + "-evil")
        self.assertEqual(said.returncode, 0, said.stderr)
        with open(os.path.join(self.folder, "evil.html"), encoding="utf-8") as file:
            text = file.read()
        self.assertIn("&lt;script&gt;alert(1)", text)
        self.assertIn("alert(3)", text)
        self.assertEqual(Names(text).tags, Names(self.text).tags, "no element more")
        for source in Names(text).sources:
            self.assertTrue(source.startswith(("#", "data:image/png;base64,")), source[:60])
        markdown = report(path, "--markdown")
        self.assertEqual((markdown.returncode, markdown.stderr), (0, ""))
        self.assertNotRegex(markdown.stdout, "[\x1b\u202e]")
        shutil.rmtree(self.pictures + "-evil")

    def test_a_page_is_not_written_through_a_link(self):
        victim, page_path = os.path.join(self.folder, "victim"), os.path.join(self.folder, "linked.html")
        with open(victim, "w") as file:
            file.write("precious")
        os.symlink(victim, page_path)
        self.assertEqual(report(self.file, "-o", page_path).returncode, 0)
        self.assertFalse(os.path.islink(page_path))
        with open(victim) as file:
            self.assertEqual(file.read(), "precious")

    def test_every_run_is_in_the_table_with_its_state(self):
        states = re.findall(r"<td>(done|failed|running|pending|diverged)</td>", self.text)
        self.assertEqual(len(states), self.RUNS)

    def test_runs_that_do_not_count_are_in_no_group(self):
        data = sweep.Sweep(self.file)
        rows = [row for _, rows in data.groups() for row in rows]
        self.assertEqual(sorted(rows), [row for row in range(self.RUNS)
                                        if data.state[row] in ("done", "diverged")])


def axis(name, points):
    points = numpy.array(points)
    return types.SimpleNamespace(name=name, points=points, of=lambda rows: points, labelled=points.dtype.kind == "U")


class Groups(unittest.TestCase):
    """Four runs of two depths; the deeper ones train longer, with another clip."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "small.h5")
        with h5py.File(path, "w") as handle:
            results, config = handle.create_group("results"), handle.create_group("config")
            results.attrs["coordinates"] = "model.depth train.clip_norm seed"
            text = h5py.string_dtype()
            results.create_dataset("run", data=["a", "b", "c", "d"], dtype=text).make_scale("run")
            results.create_dataset("evaluation", data=numpy.arange(3)).make_scale("evaluation")
            results.create_dataset("status", data=[2] * 4, dtype=h5py.enum_dtype({"pending": 0, "done": 2}, "i"))
            for name, values in (("model.depth", [1, 1, 2, 2]),
                                 ("train.clip_norm", [.1, .1, 10, 10]), ("seed", [0, 1, 0, 1])):
                results.create_dataset(name, data=values)
            results.create_dataset("step", data=[[0, 1, 2]] * 2 + [[0, 5, 10]] * 2)
            loss = results.create_dataset("test_loss", data=numpy.ones((4, 3)))
            for axis, name in enumerate(("run", "evaluation")):
                loss.dims[axis].attach_scale(results[name])
            results.create_dataset("gd_loss", data=[.5] * 4).dims[0].attach_scale(results["run"])
        self.sweep = sweep.Sweep(path)

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

    def test_a_curve_counts_at_the_end_of_its_own_run(self):
        column = self.sweep.columns["test_loss"]
        column.axes[0].steps = numpy.array([[0, 1, -1]] * 2 + [[0, 5, 10]] * 2)  # two of them are shorter
        column.values[:] = [[3, 2, numpy.nan]] * 2 + [[3, 2, 1]] * 2
        self.assertEqual(list(checks.final(column, [0, 3])), [2, 1])

    def test_a_value_of_a_curve_is_that_of_a_step_or_none(self):
        value = paper2.at_step("test_loss", 5)
        self.assertEqual([bool(numpy.isfinite(x)) for x in value(self.sweep, [0, 2])], [False, True])

    def test_panels_are_those_of_a_key(self):
        figure, _ = figures.draw(self.sweep, "test_loss by model.depth")
        self.assertEqual([axes.get_title() for axes in figure.axes], ["depth 1", "depth 2"])

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

    def levels(self, gd):
        """(height, words) of the dashed lines when the losses of GD are these."""
        self.sweep.columns["gd_loss"].values[:] = gd
        figure, _ = figures.draw(self.sweep, "test_loss")
        return [(line.get_ydata()[0], "" if line.get_label().startswith("_") else line.get_label())
                for line in figure.axes[0].get_lines() if line.get_linestyle() == "--"]

    def test_the_level_of_gd_is_named_once(self):
        self.assertEqual(self.levels(.5), [(.5, "GD")])
        self.assertEqual(self.levels([.5, .5, .25, .25]), [(.5, "GD, in the same colours"), (.25, "")])
        self.assertEqual(self.levels([.5, .5, numpy.nan, numpy.nan]), [(.5, "GD, in the same colours")])
        self.assertEqual(self.levels(numpy.nan), [])


class Together(unittest.TestCase):
    """Few shots of one trained model, in two files: plain and with EOS in the first, behind a prefix in the second."""

    def file(self, name, eos, prefix, depth=7):
        path = os.path.join(self.folder, name)
        with h5py.File(path, "w") as handle:
            results, config = handle.create_group("results"), handle.create_group("config")
            results.attrs["coordinates"] = "model.eos"
            results.create_dataset("run", data=[f"{i}" for i in eos], dtype=h5py.string_dtype()).make_scale("run")
            results.create_dataset("pair", data=numpy.arange(3)).make_scale("pair")
            results.create_dataset("status", data=[2] * len(eos), dtype=h5py.enum_dtype({"pending": 0, "done": 2}, "i"))
            results.create_dataset("model.eos", data=eos)
            for key, value in (("model.prefix", prefix), ("model.layers", "softmax*"), ("model.depth", depth),
                               ("model.embedding", 40), ("task.tasks", 1)):
                config.attrs[key] = str(value)
            for column in ("shot_loss", "shot_least_squares"):
                item = results.create_dataset(column, data=numpy.ones((len(eos), 3)))
                item.dims[0].attach_scale(results["run"])
                item.dims[1].attach_scale(results["pair"])
        return sweep.Sweep(path)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
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

    def test_models_that_no_two_files_share_are_not_drawn(self):
        self.assertIsNone(sequences.shots_together([self.tuned]))
        self.assertIsNone(sequences.shots_together([self.tuned, self.file("other.h5", [2], 20, depth=2)]))


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
