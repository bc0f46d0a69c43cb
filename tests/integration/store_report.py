"""Without this, tools/report could show runs that do not count, or make a page that needs or runs something else."""

import os
import re
import shutil
import subprocess
import sys
import unittest
from html.parser import HTMLParser

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from report_file import TOOLS, h5py, sweep
from store_file import WithFile


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


if __name__ == "__main__":
    unittest.main()
