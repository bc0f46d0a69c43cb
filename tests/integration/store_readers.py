"""Without this, a change of the file could lock out a tool that people use: h5py, xarray with both
engines, pandas, PyTables, h5dump and h5ls, all while the writer lives."""

import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from store_file import (EVALUATIONS, LAYERS, POSITIONS, TARGETS, WRITER, WithFile, identity, needs,
                        value)

needs("h5py", "numpy", "xarray", "h5netcdf", "netCDF4", "pandas", "tables")

import h5py
import numpy
import pandas
import tables
import xarray

ENGINES = ("h5netcdf", "netcdf4")


class Readers(WithFile):
    def test_h5py_sees_status_by_name_and_values(self):
        with h5py.File(self.file, "r") as file:
            status = file["results/status"]
            names = {code: name for name, code in h5py.check_enum_dtype(status.dtype).items()}
            states = [names[code] for code in status[:]]
            self.assertEqual(states[:7], ["done"] * 5 + ["failed", "diverged"])
            self.assertEqual(states[self.DONE:], ["running"] + ["pending"] * 6)
            self.assertEqual(file["results/run"].asstr()[3], identity(3))
            self.assertEqual(file["results/train_loss"][2, 1], value(2, 0, 1))
            self.assertTrue(numpy.isnan(file["results/train_loss"][self.DONE + 1:]).all())
            self.assertEqual(file["log/started"][0], 1e9)
            self.assertEqual(dict(file["config"].attrs),
                             {"task.kind": "linear_regression", "task.dimension": 10})

    def test_every_column_has_a_meaning_and_every_number_a_unit(self):
        walked = []

        def check(name, item):
            aside = b"This is a netCDF dimension but not a netCDF variable"
            if not isinstance(item, h5py.Dataset) or name == "summary" or item.attrs.get("NAME", b"").startswith(aside):
                return
            walked.append(name)
            self.assertGreater(len(item.attrs["long_name"]), 3, name)
            if item.dtype.kind in "iuf" and h5py.check_enum_dtype(item.dtype) is None:
                self.assertIn("units", item.attrs, name)
        with h5py.File(self.file, "r") as file:
            file.visititems(check)
        self.assertGreater(len(walked), 30)

    def test_dimensions_have_their_real_values(self):
        for engine in ENGINES:
            with self.subTest(engine), xarray.open_dataset(self.file, engine=engine, group="results") as ds:
                self.assertEqual(ds.evaluation.values.tolist(), [0, 25, 50, 75, 100])
                self.assertEqual(ds.evaluation.attrs["units"], "steps")
                self.assertEqual(float(ds.test_loss.sel(run=identity(2), evaluation=75)), value(2, 1, 3))
                self.assertEqual(ds.target.values.tolist(), ["x", "gradient"])
                self.assertEqual(ds.layer.values.tolist(), [0, 1, 2])

    def test_weights_are_pictures_to_viewers(self):
        with h5py.File(self.file, "r") as file:
            for layer in (file["weights/L2_H1_K6_D4/layer0"], file["weights/L2_H1_K6_D4/layer1"]):
                self.assertEqual((layer.attrs["NX_class"], layer.attrs["signal"]), ("NXdata", "query"))
                self.assertNotIn("auxiliary_signals", layer.attrs)  # project has another shape
                self.assertEqual(layer["query"].attrs["interpretation"], "image")
                self.assertEqual(layer["project"].attrs["interpretation"], "image")
            self.assertNotIn("interpretation", file["weights/L2_H1_K6_D4/scale"].attrs)
            self.assertNotIn("NX_class", file["weights/L2_H1_K6_D4"].attrs)

    def test_every_dimension_of_a_column_has_its_scale(self):
        with h5py.File(self.file, "r") as file:
            for group in ("results", "log"):
                for name, dataset in file[group].items():
                    if not isinstance(dataset, h5py.Dataset) or "CLASS" in dataset.attrs:
                        continue
                    for dimension in dataset.dims:
                        self.assertEqual(len(dimension), 1, f"{group}/{name}")

    def test_the_order_is_that_of_creation(self):
        with h5py.File(self.file, "r", track_order=True) as file:
            names = list(file["results"])
            self.assertEqual(names[:2], ["run", "evaluation"])
            self.assertLess(names.index("status"), names.index("train_loss"))

    def test_xarray_opens_everything_with_both_engines(self):
        for engine in ENGINES:
            with self.subTest(engine), xarray.open_dataset(
                    self.file, engine=engine, group="results") as ds:
                self.assertEqual(dict(ds.sizes), {
                    "run": self.RUNS, "evaluation": EVALUATIONS, "layer": LAYERS,
                    "position": POSITIONS, "target": TARGETS})
                for name in ("model.depth", "train.rate", "tokens.kind", "seed", "step"):
                    self.assertIn(name, ds.coords)
                self.assertIn("status", ds)  # netCDF drops it when its type is not committed here
                self.assertEqual(int(ds.seed[1]), 9007199254740994)
                self.assertEqual(str(ds["tokens.kind"].values[1]), "séparé")

    def test_xarray_selects_by_identity_state_and_target(self):
        for engine in ENGINES:
            with self.subTest(engine), xarray.open_dataset(
                    self.file, engine=engine, group="results") as ds:
                self.assertEqual(float(ds.sel(run=identity(2)).ratio), value(2, 2, 0))
                done = ds.where(ds.state == "done", drop=True)
                self.assertEqual(done.sizes["run"], int((ds.status == 2).sum()))
                self.assertGreater(done.sizes["run"], 8)
                probe = ds.probe_r2.sel(target="gradient", layer=1)
                self.assertEqual(float(probe[2, 1]), value(2, 4, 8 + 2 + 1))

    def test_xarray_reads_the_log_with_times(self):
        for engine in ENGINES:
            with self.subTest(engine), xarray.open_dataset(
                    self.file, engine=engine, group="log") as log:
                self.assertEqual(str(log.started.values[0])[:19], "2001-09-09T01:46:40")
                self.assertTrue(numpy.isnat(log.started.values[-1]))
                self.assertEqual(str(log.host.values[0]), "node017")
                self.assertEqual(str(log.error.values[5]), "killed by signal 9")

    def test_xarray_makes_tables_and_copies(self):
        for engine in ENGINES:
            with self.subTest(engine), xarray.open_dataset(
                    self.file, engine=engine, group="results") as ds:
                frame = ds[["ratio", "steps_done", "state"]].to_dataframe()
                self.assertEqual(frame.loc[identity(3), "steps_done"], value(3, 3, 0))
                ds.groupby(ds["model.depth"]).mean(...)
                copy = os.path.join(self.folder, f"{engine}.nc")
                ds.to_netcdf(copy)
                with xarray.open_dataset(copy) as again:
                    numpy.testing.assert_array_equal(again.train_loss, ds.train_loss)

    def test_pandas_and_pytables_read_the_summary(self):
        frame = pandas.read_hdf(self.file, "summary")
        self.assertEqual(list(frame.columns), [
            "run", "status", "model.depth", "train.rate", "tokens.kind", "model.shared", "seed",
            "test_loss", "ratio", "steps_done"])
        text = [cell.decode() if isinstance(cell, bytes) else cell for cell in frame.status[:7]]
        self.assertEqual(text, ["done"] * 5 + ["failed", "diverged"])
        self.assertEqual(frame.test_loss[2], value(2, 1, EVALUATIONS - 1))
        self.assertTrue(numpy.isnan(frame.test_loss[5]))
        with tables.open_file(self.file) as file:
            self.assertEqual(file.root.summary.nrows, self.RUNS)

    def test_hdf5_tools_list_the_file(self):
        for command in (["h5dump", "-H"], ["h5dump", "-d", "/results/status"], ["h5ls", "-r"]):
            if not shutil.which(command[0]):
                self.skipTest(f"there is no {command[0]}")
            result = subprocess.run([*command, self.file], capture_output=True, text=True)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("status", result.stdout + " ".join(command))

    def test_superblock_0_and_offsets_of_8(self):
        with open(self.file, "rb") as file:
            self.assertEqual(file.read(9)[8], 0)
        with h5py.File(self.file, "r") as file:
            def check(name, item):
                if isinstance(item, h5py.Dataset):
                    self.assertEqual(item.id.get_offset() % 8, 0, name)
                    self.assertIsNone(item.chunks, name)
            file.visititems(check)

    def test_text_has_no_fill_value_and_no_fixed_length(self):
        with h5py.File(self.file, "r") as file:
            for group in ("results", "log"):
                for name, item in file[group].items():
                    if isinstance(item, h5py.Dataset) and item.dtype.kind == "S":
                        self.assertEqual(item.dtype.itemsize, 1, name)
                        self.assertEqual(item.id.get_create_plist().fill_value_defined(),
                                         h5py.h5d.FILL_VALUE_DEFAULT, name)

    def test_viewers_find_the_curves(self):
        with h5py.File(self.file, "r") as file:
            self.assertEqual(file.attrs["default"], "results")
            self.assertEqual(file["results"].attrs["NX_class"], "NXdata")
            self.assertEqual(file["results"].attrs["signal"], "train_loss")
            self.assertEqual(list(file["results"].attrs["axes"]), [".", "step"])


class Versions(WithFile):
    """What the program says to files of other versions, and to what h5py has touched."""

    def changed(self, **attributes):
        """A closed copy of the file with other attributes at its root."""
        path = os.path.join(self.folder, "copy.h5")
        shutil.copy(self.file, path)
        with h5py.File(path, "r+") as file:
            for name, number in attributes.items():
                file.attrs.modify(name, number)
        return path

    def open_to_write(self, path):
        result = subprocess.run([WRITER, path, str(self.RUNS)], capture_output=True, text=True)
        return result.returncode, result.stderr

    def test_results_of_another_version_are_refused_with_the_way_out(self):
        path = self.changed(results_version=2)
        self.assertEqual(self.open_to_write(path), (2, (
            f"{path}: holds results of version 2, this program computes version 1; go on with "
            "mesasweep 0.1.0, or begin a new file with -o\n")))

    def test_a_newer_format_is_refused(self):
        path = self.changed(format_version=9)
        self.assertEqual(self.open_to_write(path), (2, (
            f"{path}: has format 9, this program knows up to 1; use a newer mesasweep\n")))

    def test_hdf5_of_somebody_else_is_refused(self):
        path = os.path.join(self.folder, "other.h5")
        with h5py.File(path, "w") as file:
            file["results"] = [1, 2, 3]
        self.assertEqual(self.open_to_write(path),
                         (2, f"{path}: is no result file of mesasweep\n"))

    def test_a_note_by_h5py_does_no_harm(self):
        path = self.changed()
        with h5py.File(path, "r+") as file:
            file.attrs["note"] = "looks good"
        self.assertEqual(self.open_to_write(path), (0, ""))


class WhileItIsWritten(WithFile):
    """A writer at work: every look at the file is whole."""

    RUNS, DONE, PAUSE = 600, 600, 3000

    def test_rows_that_are_done_are_right_at_every_moment(self):
        looks = 0
        counts = []
        while self.writer.poll() is None and looks < 12:
            looks += 1
            with h5py.File(self.file, "r") as file:
                done = numpy.flatnonzero(file["results/status"][:] == 2)
                ratio = file["results/ratio"][:]
                for run in done:
                    self.assertEqual(ratio[run], value(int(run), 2, 0))
                counts.append(len(done))
            with xarray.open_dataset(self.file, engine=ENGINES[looks % 2], group="results") as ds:
                self.assertGreaterEqual(int((ds.state == "done").sum()), 0)
        self.assertEqual(counts, sorted(counts))
        self.wait_for_word("written")
        with h5py.File(self.file, "r") as file:
            self.assertEqual(int((file["results/status"][:] == 2).sum()),
                             sum(run % 7 < 5 for run in range(self.RUNS)))


if __name__ == "__main__":
    unittest.main()
