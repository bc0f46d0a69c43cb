"""Without this, what commands print of a finished file could be wrong: groups, exports, differences, JSON."""

import csv
import io
import os
import pty
import statistics
import subprocess
import zipfile

import h5py
import numpy

import program
from store_file import WRITER, WithFile, identity, value


class Commands(program.Case, WithFile):
    """The file of the small writer: 24 runs, of seven the sixth failed and the seventh diverged."""

    def setUp(self):
        super().setUp()
        with h5py.File(self.file, "r") as file:
            self.depth, self.ratio = file["results/model.depth"][:], file["results/ratio"][:]
            self.done = file["results/status"][:] == 2

    def refuse(self, *arguments):
        code, out, err = self.start(*arguments).wait()
        self.assertEqual((code, out, err.count("\n")), (2, "", 1), err)
        return err[:-1]

    def table(self, *arguments):
        return list(csv.DictReader(io.StringIO(self.run_program("table", self.file, "--csv", *arguments))))

    def test_groups_have_the_aggregates_of_their_done_runs(self):
        rows = self.table("--group-by", "depth", "--agg=mean,std,median,min,max,count,ci95", "--columns=ratio")
        self.assertEqual([row["model.depth"] for row in rows], ["1", "2"])
        for row in rows:
            values = [float(v) for v in self.ratio[self.done & (self.depth == float(row["model.depth"]))]]
            self.assertEqual(int(row["runs"]), len(values))
            self.assertEqual(int(row["ratio_count"]), len(values))
            self.assertEqual((float(row["ratio_min"]), float(row["ratio_max"])), (min(values), max(values)))
            for name, of in {"mean": statistics.mean, "std": statistics.stdev, "median": statistics.median}.items():
                self.assertAlmostEqual(float(row[f"ratio_{name}"]), of(values), delta=1e-12 * max(values))
            student = {7: 2.446911851144969, 8: 2.3646242515927844, 6: 2.570581835636315, 5: 2.7764451051977987}
            half = student[len(values)] * statistics.stdev(values) / len(values) ** .5
            self.assertAlmostEqual(float(row["ratio_ci95"]), half, delta=1e-7 * half)

    def test_groups_have_sensible_columns_of_their_own(self):
        rows = self.table("--agg=count")  # each run has a rate of its own
        self.assertEqual(len(rows), self.RUNS)
        self.assertEqual(sum(int(row["runs"]) for row in rows), self.done.sum())
        self.assertNotIn("seed", rows[0])
        rows = self.table("--group-by=tokens.kind,model.shared")
        self.assertEqual([(row["tokens.kind"], row["model.shared"]) for row in rows],
                         [("joint", "0"), ("séparé", "1"), ("joint", "1"), ("séparé", "0")])
        self.assertEqual(list(rows[0])[2:5], ["runs", "test_loss_mean", "test_loss_ci95"])
        text = self.run_program("table", self.file, "--group-by=tokens").splitlines()[0].split()
        self.assertEqual(text[:3], ["tokens", "runs", "test_loss_mean"])

    def test_groups_are_sorted_and_chosen(self):
        up = self.table("--group-by=depth", "--agg=max", "--sort=ratio_max")
        down = self.table("--group-by=depth", "--agg=max", "--sort=ratio_max:desc")
        self.assertEqual(up, down[::-1])
        self.assertLess(float(up[0]["ratio_max"]), float(up[1]["ratio_max"]))
        self.assertEqual([row["status"] for row in self.table("--group-by=status", "--sort=status:desc")],
                         ["running", "pending", "failed", "done", "diverged"])
        self.assertEqual(len(self.table("--group-by=depth", "--where=depth=2")), 1)
        for arguments, message in {
                ("--agg=mian",): "--agg: 'mian' is none of mean, ci95, median, std, min, max, count",
                ("--agg=mean,mean",): "--agg: mean is there twice",
                ("--group-by=dpeth",): "--group-by: 'dpeth' is no column; 'mesasweep table --csv' shows them all",
                ("--agg=mean", "--columns=host"): "--columns: host is text, of which there is no mean",
                ("--agg=mean", "--sort=seed"): "--sort: 'seed' is no column of this table",
                ("--columns=dpeth",): "--columns: 'dpeth' is no column; 'mesasweep table --csv' shows them all",
        }.items():
            self.assertEqual(self.refuse("table", self.file, *arguments), "mesasweep table: " + message)

    def test_chosen_columns_stand_in_their_order(self):
        rows = self.table("--columns=status,run,depth", "--where=status=failed")
        self.assertEqual([list(row) for row in rows], [["status", "run", "model.depth"]] * len(rows))
        self.assertEqual({row["status"] for row in rows}, {"failed"})

    def on_terminal(self, *arguments, **more):
        ours, theirs = pty.openpty()
        run = subprocess.Popen([program.PROGRAM, *arguments], stdout=theirs, env={**os.environ, "TERM": "xterm", **more})
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 4096):
                shown += part
        except OSError:  # its other end is closed
            pass
        os.close(ours)
        self.assertEqual(run.wait(), 0)
        return shown.decode()

    def test_a_bar_and_colours_are_for_terminals(self):
        red, coloured = "\x1b[31m", self.on_terminal("status", self.file, NO_COLOR="")
        self.assertIn(f"{red}▒", coloured)
        self.assertIn(f"{red}     2 failed", coloured)
        plain = self.on_terminal("status", self.file, NO_COLOR="1")
        self.assertIn("█▒", plain)
        self.assertNotIn("\x1b", plain + self.on_terminal("status", self.file, NO_COLOR="", TERM="dumb"))
        piped = self.run_program("status", self.file)
        self.assertFalse(set("█▒░\x1b") & set(piped))
        self.assertIn("\n     2 failed\n", piped)

    def test_json_of_tables_has_columns_and_rows(self):
        found = self.run_json("table", self.file)
        self.assertEqual(found["file"], self.file)
        self.assertEqual([column["name"] for column in found["columns"]], list(found["runs"][0]))
        self.assertIn({"name": "ratio", "unit": "1", "about": "ratio of losses"}, found["columns"])
        self.assertEqual(found["runs"][2]["ratio"], self.ratio[2])
        self.assertIsNone(found["runs"][-1]["ratio"])
        found = self.run_json("table", self.file, "--group-by=depth")
        self.assertEqual([row["model.depth"] for row in found["groups"]], [1, 2])

    def test_exports_have_all_runs_and_settings(self):
        self.assertEqual(self.run_program("export", "--csv", self.file, "-o", "all.csv"), "")
        rows = list(csv.DictReader(io.StringIO((self.folder / "all.csv").read_text(encoding="utf-8"))))
        self.assertEqual(self.run_program("export", "--csv", self.file), (self.folder / "all.csv").read_text())
        objects = self.run_json("export", self.file)["runs"]
        self.assertEqual(len(rows), self.RUNS)
        for i, (row, item) in enumerate(zip(rows, objects)):
            self.assertEqual((row["run"], item["run"]), (identity(i),) * 2)
            self.assertEqual((row["tokens.kind"], int(row["model.depth"])), (("joint", 1), ("séparé", 2))[i % 2])
            self.assertEqual(int(row["model.shared"]), int(i % 3 > 0))
        self.assertEqual((float(rows[2]["ratio"]), objects[2]["ratio"]), (self.ratio[2],) * 2)
        self.assertEqual((rows[5]["ratio"], rows[5]["error"]), ("", "killed by signal 9"))
        self.assertEqual(self.listing(), ["all.csv"])

    def test_numpy_reads_every_array(self):
        (self.folder / "all.npz").write_text("an older one is replaced")
        self.run_program("export", self.file, "--npz", "-o", "all.npz")
        arrays = numpy.load(self.folder / "all.npz")  # which refuses pickles
        self.assertIsNone(zipfile.ZipFile(self.folder / "all.npz").testzip())
        seen = 0
        with h5py.File(self.file, "r") as file:
            def compare(name, item):
                nonlocal seen
                group, _, rest = name.partition("/")
                short = name if group == "weights" else rest
                if not isinstance(item, h5py.Dataset) or group == "summary" or short.startswith("letters"):
                    return
                if short in ("status", "state"):
                    self.assertEqual(list(arrays["status"][5:8]), ["failed", "diverged", "done"])
                elif item.dtype.kind == "S":
                    self.assertEqual(arrays[short].tolist(), [row.tobytes().decode().rstrip("\0") for row in item[:]])
                elif item.dtype.kind == "O":
                    self.assertEqual(arrays[short].tolist(), list(item.asstr()[:]))
                else:
                    self.assertEqual(arrays[short].dtype, item.dtype, name)
                    numpy.testing.assert_array_equal(arrays[short], item[()], name)
                seen += 1
            file.visititems(compare)
        self.assertEqual(seen, len(arrays.files) + 2)  # `run` of the log and `state` are there twice
        piped = subprocess.run([program.PROGRAM, "export", "--npz", self.file], stdout=subprocess.PIPE, check=True)
        self.assertEqual(piped.stdout, (self.folder / "all.npz").read_bytes())

    def test_an_export_that_can_not_be_is_refused(self):
        for arguments, message in {
                (): "takes one of --csv, --json and --npz",
                ("--csv", "--npz"): "takes one of --csv, --json and --npz",
                ("--csv", "-o", "a.h5"): "-o a.h5: is named like a result file, which an export is not"}.items():
            self.assertEqual(self.refuse("export", self.file, *arguments), "mesasweep export: " + message)
        self.assertEqual(self.refuse("export", self.file, "--csv", "-o", "no/a.csv"),
                         "no/a.csv: can not be made: No such file or directory")
        self.assertEqual(self.refuse("export", "no.h5", "--csv", "-o", "a.csv"),
                         "no.h5: can not open: No such file or directory")
        self.assertEqual(self.listing(), [])

    def test_a_file_does_not_differ_from_itself(self):
        self.assertEqual(self.run_json("diff", self.file, self.file), {
            "first": self.file, "second": self.file, "both": self.RUNS, "only_first": 0, "only_second": 0,
            "other_status": 0, "settings": [], "results": [], "columns": []})

    def test_what_differs_between_files_is_told(self):
        other = self.folder / "other.h5"
        subprocess.run([WRITER, other, "12", "10", "0"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        with h5py.File(other, "r+") as file:
            file["results/ratio"][3] = self.ratio[3] * 1.5
            file["results/ratio"][4] = numpy.nan
            file["results/probe_r2"][2, 1, 1, 1] += 1
            file["weights/L2_H1_K6_D4/layer0/query"][1, 0, 0] *= 2  # of run 3
            file["results"].move("steps_done", "other")
        found = self.run_json("diff", self.file, other, code=1)
        self.assertEqual([found[name] for name in ("both", "only_first", "only_second")], [12, 12, 0])
        self.assertEqual(found["other_status"], 2)  # 10 is running there, 11 pending
        columns = {row["column"]: (row["runs"], row["difference"]) for row in found["results"]}
        self.assertEqual(columns.pop("ratio"), (2, None))
        self.assertEqual(columns.pop("weights/L2_H1_K6_D4/layer0/query"), (1, 0.5))
        runs, difference = columns.pop("probe_r2")
        self.assertEqual(runs, 1)
        self.assertAlmostEqual(difference, 1 / (value(2, 4, 8 + 2 + 1) + 1), delta=1e-6)
        self.assertEqual(columns, {})
        self.assertEqual(found["columns"], [{"column": "steps_done", "in": "first"}, {"column": "other", "in": "second"}])
        self.assertEqual(found["settings"], [{"setting": "seed",
                                              "first": "0, 1, 2, 3, 4, 5, 6, 7, ... (24 values)",
                                              "second": "0, 1, 2, 3, 4, 5, 6, 7, ... (12 values)"}])
        out = self.run_program("diff", self.file, other, code=1)
        self.assertIn("12 runs in both, 12 only in the first, 0 only in the second\n", out)

    def test_two_runs_stand_side_by_side(self):
        words = [f"{self.file}:{identity(run)[:12]}" for run in (0, 3)]
        found = self.run_json("diff", *words, code=1)
        self.assertEqual(found["settings"], [{"setting": "model.depth", "first": "1", "second": "2"},
                                             {"setting": "seed", "first": "0", "second": "3"}])
        ratio = next(row for row in found["results"] if row["column"] == "ratio")
        self.assertEqual((ratio["first"], ratio["second"]), (self.ratio[0], self.ratio[3]))
        self.assertEqual(ratio["difference"], abs(self.ratio[3] - self.ratio[0]) / self.ratio[3])
        self.assertIn("model.depth  1      2", self.run_program("diff", *words, code=1))
        self.run_program("diff", words[0], words[0])
        self.assertEqual(self.refuse("diff", self.file, words[0]),
                         "mesasweep diff: takes two files, or two runs as FILE.h5:RUN, not one of each")

    def test_a_new_sweep_runs_as_it_is_and_is_never_overwritten(self):
        self.assertEqual(self.run_program("new", "my first.yaml"), "my first.yaml: a sweep to begin with; "
                         "'mesasweep plan my first.yaml' tells what it would do\n")
        text = (self.folder / "my first.yaml").read_text()
        self.assertIn("my-first: 12 runs\n", self.run_program("plan", "my first.yaml"))
        self.run_program("run", "my first.yaml", "--ranks", 2, "--quick")
        self.assertEqual(self.status("my-first.quick.h5")["done"], 6)
        self.assertEqual(self.refuse("new", "my first.yaml"),
                         "my first.yaml: is there already; name another, or remove this one")
        self.assertEqual((self.folder / "my first.yaml").read_text(), text)
        self.assertEqual(self.refuse("new", "no/a.yaml"), "no/a.yaml: can not be made: No such file or directory")
        self.run_program("new", "...yaml")
        self.assertIn("yaml: 12 runs\n", self.run_program("plan", "...yaml"))

    def test_snapshots_and_their_steps_explain_themselves(self):
        self.run_program("new", "my.yaml")
        self.run_program("run", "my.yaml", "--quick", "keep.weights={at: [10, 20]}", "model.depth=2", "--ranks", 2)
        with h5py.File(self.folder / "my.quick.h5", "r") as file:
            self.assertIn("snapshot_step", file["results"].attrs["coordinates"].split())
            self.assertEqual(file["results/snapshot_step"][0].tolist(), [10, 20])
            self.assertEqual(file["results/evaluation"][-1], 50)
            layer = file["weights/L2_H1_K11_D11_at2/layer0"]
            self.assertEqual(list(layer.attrs["auxiliary_signals"]), ["key", "value", "project"])

            def check(name, item):
                if isinstance(item, h5py.Dataset):
                    self.assertGreater(len(item.attrs["long_name"]), 3, name)
            file["weights"].visititems(check)

    def test_json_of_what_needs_no_file(self):
        keys = self.run_json("keys")
        depth = next(key for key in keys["keys"] if key["key"] == "model.depth")
        self.assertEqual((depth["type"], depth["min"], depth["max"], depth["default"]), ("integer", 1, 32, 1))
        self.assertIn("gd", [analysis["analysis"] for analysis in keys["analyses"]])
        self.assertIn(self.run_json("version")["number"], self.run_program("version"))
        self.assertTrue(self.run_json("bench", "--list")["rows"])


program.main()
