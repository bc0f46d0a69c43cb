"""What the tests of the report share: its modules, and small result files written by hand."""

import os
import sys
import tempfile
import unittest

SOURCE = os.environ["MESASWEEP_SOURCE"]
TOOLS = os.path.join(SOURCE, "tools")
sys.path.insert(0, TOOLS)
from store_file import needs

needs("h5py", "matplotlib", "numpy")

import h5py
import numpy

from reporting import sweep

STATUS = h5py.enum_dtype({"pending": 0, "done": 2}, "i")


def dataset(group, name, values):
    values = numpy.asarray(values)
    text = values.dtype.kind == "U"
    return group.create_dataset(name, data=values.astype(object) if text else values, dtype=h5py.string_dtype() if text else None)


def write(path, keys, columns, axes, config=None):
    """A file of runs that are done. keys: of the sweep, with the value of each run; columns: name -> names of its axes
    behind the run's, and values; axes: name -> points; config: settings that all runs have."""
    with h5py.File(path, "w") as handle:
        results, settings = handle.create_group("results"), handle.create_group("config")
        results.attrs["coordinates"] = " ".join(keys)
        runs = len(next(iter(keys.values())))
        for name, points in {"run": [f"{run}" for run in range(runs)], **axes}.items():
            dataset(results, name, points).make_scale(name)
        results.create_dataset("status", data=[2] * runs, dtype=STATUS)
        for key, values in keys.items():
            dataset(results, key, values)
        for key, value in (config or {}).items():
            settings.attrs[key] = str(value)
        for name, (behind, values) in columns.items():
            item = dataset(results, name, values)
            for i, axis in enumerate(("run", *behind)):
                item.dims[i].attach_scale(results[axis])


class Small(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def small(self, keys, columns, axes, config=None, name="small.h5"):
        """The Sweep of such a file, in a folder of this test."""
        path = os.path.join(self.folder, name)
        write(path, keys, columns, axes, config)
        return sweep.Sweep(path)
