"""One result file: its columns, its axes, and its runs grouped over seeds."""

import os
import re

import h5py
import numpy

import mesasweep


MODEL = ("model.layers", "model.depth", "model.embedding")  # keys that name a model before all others
SILENT = "start.run"  # a key whose values tell a reader nothing: the model that they stand for has keys of its own


class Sweep:
    """A result file in memory, as far as a report needs it.

    name, about    of the sweep
    identity       of each run
    state          of each run, as text
    keys           swept keys -> value of each run; "seed" is one of them when there are several
    constant       keys that are the same in all runs -> text
    columns        name -> Column; those that a run fills at its end, or along its training
    telling        names of the columns of the table /summary
    quick          whether it is the short form of the sweep, which shows that it works and finds nothing
    overrides      settings of the command line, which the sweep's text does not have
    """

    def __init__(self, path):
        self.path = path
        with mesasweep.opened(path) as handle:
            results = handle["results"]
            self.attributes = {key: handle.attrs[key] for key in handle.attrs}
            self.name = line(self.attributes.get("name", os.path.basename(path)))
            self.about = self.attributes.get("about", "")
            self.identity = results["run"].asstr()[()]
            self.state = mesasweep.states(handle)
            swept = results.attrs.get("coordinates", "").split()
            self.keys = {
                key: mesasweep.values(results[key]) for key in swept if key in results and "." in key
                or key == "seed" and key in results
            }
            self.constant = {key: str(handle["config"].attrs.get(key, "")) for key in handle["config"].attrs}
            for key, item in handle["config"].items():
                if isinstance(item, h5py.Dataset):
                    value = mesasweep.values(item) if item.shape else item[()]
                    self.constant[key] = value.decode() if isinstance(value, bytes) else str(value)
            self.columns = {name: Column(self, item) for name, item in results.items() if is_column(item)}
            self.quick = bool(self.attributes.get("quick", 0))
            self.overrides = line(" ".join(text(self.attributes.get("overrides", "")).split("\n")))
            self.telling = set(handle["summary"].dtype.names) if "summary" in handle else set()
            self.seconds = handle["log/seconds"][()] if "log/seconds" in handle else None

    @property
    def done(self):
        """Which runs have a result; a diverged one has (its curve up to that point)."""
        return numpy.isin(self.state, mesasweep.RESULTS)

    def setting(self, key, row):
        """Value of a key in a run, swept or not (then as text); 0 of one that the file does not know."""
        return self.keys[key][row] if key in self.keys else self.constant.get(key, "0")

    def groups(self):
        """Runs that differ in their seed alone: [(settings, rows)], in the order of the file. Settings are the keys
        of the sweep's grid that have several values, and the fewest first ones of the others, which mostly follow
        from them, that tell the groups apart."""
        asked = [key for key in grid(text(self.attributes.get("sweep", ""))) if key != SILENT]
        names = [key for key in dict.fromkeys([*asked, *MODEL, *self.keys]) if key in self.keys and key not in ("seed", SILENT)]
        names += [SILENT] if SILENT in self.keys else []
        groups = self.grouped(names)
        for name in names[::-1]:
            fewer = [other for other in names if other != name]
            if len(self.grouped(fewer)) == len(groups) and (name not in asked or len(self.grouped([name])) == 1):
                names = fewer
        return [(dict(zip(names, settings)), rows) for settings, rows in self.grouped(names).items()]

    def grouped(self, names):
        found = {}
        for row in numpy.flatnonzero(self.done):
            found.setdefault(tuple(self.keys[name][row] for name in names), []).append(row)
        return found

    def rows(self, **where):
        """Rows of finished runs with these settings; a key's dots are written as double underscores."""
        chosen = self.done.copy()
        for name, value in where.items():
            key = name.replace("__", ".")
            if key in self.keys:
                chosen &= self.keys[key] == value
            elif self.constant.get(key, str(value)) != str(value):
                chosen &= False
        return numpy.flatnonzero(chosen)


class Column:
    """One column: values [run, ...], and for each axis its name and points."""

    def __init__(self, sweep, item):
        self.sweep = sweep
        self.name = item.name.rsplit("/", 1)[-1]
        self.about = text(item.attrs.get("long_name", self.name))
        self.unit = text(item.attrs.get("units", "1"))
        self.values = item[()]
        self.axes = [Axis(item.file["results"], item.dims[i]) for i in range(1, item.ndim)]

    def of(self, rows):
        return self.values[rows]


# Axes that count moments of the training -> where the training steps of these are.
STEPS = {"evaluation": "step", "snapshot": "snapshot_step"}


class Axis:
    """Name and points of a dimension: numbers, or labels."""

    def __init__(self, results, dimension):
        scale = dimension[0] if len(dimension) else None
        self.name = scale.name.rsplit("/", 1)[-1] if scale is not None else "?"
        self.about = text(scale.attrs.get("long_name", self.name)) if scale is not None else ""
        self.points = mesasweep.values(scale) if scale is not None else numpy.arange(0)
        self.steps = None
        if self.name in STEPS:
            self.steps = results[STEPS[self.name]][()]
            self.name, self.about = "step", "training step"

    def of(self, rows):
        """The points of runs whose settings are the same."""
        if self.steps is None:
            return self.points
        return self.steps if self.steps.ndim == 1 else self.steps[rows[0]]

    @property
    def labelled(self):
        return self.points.dtype.kind in "OUS"


def grid(yaml):
    """Keys that a sweep file has in its grid, in its order."""
    section = re.search(r"^grid:[^\n]*\n((?:[ \t]+[^\n]*\n|\n|#[^\n]*\n)*)", yaml, re.M)
    return re.findall(r"^[ \t]+([\w.]+):", section.group(1), re.M) if section else []


def is_column(item):
    """Numbers that runs have found: names with a dot are settings, whole numbers are bookkeeping."""
    if not isinstance(item, h5py.Dataset) or item.dtype.kind != "f" or not item.ndim or "." in item.name:
        return False
    return item.dims[0].values() and item.dims[0][0].name == "/results/run"


def line(value):
    """Text that others may have written, fit for a terminal and for the name of a file."""
    return "".join(c if c.isprintable() else "?" for c in text(value))


def text(value):
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
