"""Without this, what commands print of a finished file could be wrong: groups, exports, differences, JSON."""

import csv
import io
import statistics

import h5py
import numpy

import program
from store_file import WithFile


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

    def test_json_of_tables_has_columns_and_rows(self):
        found = self.run_json("table", self.file)
        self.assertEqual(found["file"], self.file)
        self.assertEqual([column["name"] for column in found["columns"]], list(found["runs"][0]))
        self.assertIn({"name": "ratio", "unit": "1", "about": "ratio of losses"}, found["columns"])
        self.assertEqual(found["runs"][2]["ratio"], self.ratio[2])
        self.assertIsNone(found["runs"][-1]["ratio"])
        found = self.run_json("table", self.file, "--group-by=depth")
        self.assertEqual([row["model.depth"] for row in found["groups"]], [1, 2])

    def test_json_of_what_needs_no_file(self):
        keys = self.run_json("keys")
        depth = next(key for key in keys["keys"] if key["key"] == "model.depth")
        self.assertEqual((depth["type"], depth["min"], depth["max"], depth["default"]), ("integer", 1, 32, 1))
        self.assertIn("gd", [analysis["analysis"] for analysis in keys["analyses"]])
        self.assertIn(self.run_json("version")["number"], self.run_program("version"))
        self.assertTrue(self.run_json("bench", "--list")["rows"])


program.main()
