"""Read a result file of mesasweep with nothing but h5py and NumPy.

    >>> import sys; sys.path.insert(0, "tools")
    >>> import mesasweep
    >>> for run in mesasweep.runs("first.h5"):
    ...     print(run["run"], run["state"], run["model.depth"], run["test_loss"])
    9e3779b97f4a7c15 done 1 0.2124
    ...

A result file can be read at any moment, also while the sweep runs: open it again to see more. A row
is finished when its `state` is "done" (or "diverged": a result as well, with curves up to the point
where the loss was no longer a number). What a run does not have yet is NaN.

There are three questions:

    runs(file)            what was run, and how did it end?   a list of dictionaries
    curves(file)          how did the losses fall?            steps and losses as arrays
    weights(file, run)    what was learned?                   the weight matrices of one run

`file` is a path or an open h5py.File. `run` is the identity that runs() shows under "run" (its first
characters are enough when they are unique), or the number of a row.

The whole file is also one dataset of xarray, xarray.open_dataset("first.h5", group="results"), and
one table of pandas, pandas.read_hdf("first.h5", "summary").
"""

import contextlib

import h5py
import numpy

RESULTS = ("done", "diverged")  # states of rows that count


@contextlib.contextmanager
def opened(file):
    """`file` as an open h5py.File: a path is opened and closed again, a file is left open."""
    if isinstance(file, (h5py.File, h5py.Group)):
        yield file.file
        return
    try:
        handle = h5py.File(file, "r", locking=False)  # a writer and other readers are not disturbed
    except (TypeError, ValueError):  # h5py before 3.5, or an HDF5 library without that choice
        handle = h5py.File(file, "r")
    with handle:
        yield handle


def texts(dataset):
    """A column of text as an array of str."""
    if dataset.dtype.kind == "S":  # written later: one letter in each cell
        width = dataset.shape[1]
        rows = numpy.ascontiguousarray(dataset[()]).view(f"S{width}").reshape(-1)
        return numpy.char.decode(rows, "utf-8", "replace")
    return dataset.asstr(errors="replace")[()]


def values(dataset):
    """A column as an array, text as str."""
    kind = dataset.dtype.kind
    return texts(dataset) if kind in "OS" else dataset[()]


def states(handle):
    """The status of each row as text. This is what counts; `summary` and `state` are copies."""
    status = handle["results/status"]
    names = {code: name for name, code in h5py.check_enum_dtype(status.dtype).items()}
    return numpy.array([names.get(code, "pending") for code in status[()].tolist()])


def row_of(handle, run):
    """The row of a run: its number, its identity, or the first characters of it."""
    identities = handle["results/run"].asstr()[()]
    if isinstance(run, (int, numpy.integer)):
        if not 0 <= run < len(identities):
            raise KeyError(f"row {run}: the file has rows 0 to {len(identities) - 1}")
        return int(run)
    found = [row for row, identity in enumerate(identities) if identity.startswith(str(run))]
    if len(found) != 1:
        raise KeyError(f"run {run}: {'several runs begin so' if found else 'there is no such run'}")
    return found[0]


def runs(file):
    """One dictionary for each run, in the order of the file.

    Its keys: "run" (identity), "state" ("done", "pending", ...), the swept keys of the sweep file
    ("model.depth", ...), and the figures of the summary ("test_loss", ...; of a curve its last
    value), NaN where there are none.

        best = min((r for r in runs(f) if r["state"] == "done"), key=lambda r: r["test_loss"])

    pandas.DataFrame(runs(f)) makes a table of it.
    """
    with opened(file) as handle:
        state = states(handle)
        summary = handle["summary"][()]
        columns = {}
        for name in summary.dtype.names:
            cells = summary[name]
            columns[name] = numpy.char.decode(cells, "utf-8") if cells.dtype.kind == "S" else cells
        columns.pop("status")
        identity = columns.pop("run")
        counts = numpy.isin(state, RESULTS)
        keys = set(handle["results"].attrs.get("coordinates", "").split())
        for name in columns:
            if name not in keys:  # a figure of a row that does not count yet
                columns[name] = numpy.where(counts, columns[name], numpy.nan)
        return [
            {"run": str(identity[i]), "state": str(state[i]),
             **{name: column[i].item() for name, column in columns.items()}}
            for i in range(len(state))
        ]


def curves(file):
    """(step, train_loss, test_loss): arrays to plot.

    train_loss and test_loss have the shape [run, evaluation]; step has it too, or only [evaluation]
    when all runs were evaluated at the same steps. Points that are not there are NaN (in step: -1):
    of runs that have not begun, and beyond the end of shorter ones. Curves of a running row grow
    with it.

        step, train, test = curves("first.h5")
        matplotlib.pyplot.semilogy(step, test.T)
    """
    with opened(file) as handle:
        results = handle["results"]
        begun = states(handle) != "pending"
        losses = []
        for name in ("train_loss", "test_loss"):
            loss = results[name][()]
            loss[~begun] = numpy.nan
            losses.append(loss)
        return results["step"][()], losses[0], losses[1]


def weights(file, run):
    """The trained weights of one run: {"layer0/query": array, ...}.

    Tokens are row vectors: a layer computes q = h @ query, k = h @ key, v = h @ value and adds
    heads @ project to h. `query`, `key`, `value` are [D, H*K], `project` is [H*K, D]; head e owns
    columns e*K .. (e+1)*K-1 (rows of `project`). With keep.weights: {at: [...]} there are also
    "snapshots/layer0/query" ...: [S, D, H*K], after the updates in `snapshot_step`. Raises KeyError for a run that is not finished or
    whose weights were not kept.

        w = weights("first.h5", 0)
        m = w["layer0/query"] @ w["layer0/key"].T    # what queries see of keys
    """
    with opened(file) as handle:
        row = row_of(handle, run)
        results = handle["results"]
        state, identity = states(handle)[row], results["run"].asstr()[row]
        if state not in RESULTS:
            raise KeyError(f"run {identity} is {state}: it has no weights yet")
        group = results["weights_class"].asstr()[row]
        if not group:
            raise KeyError(f"run {identity} kept no weights (keep.weights: none)")
        place = int(results["weights_row"][row])
        found = {}

        def take(name, item):
            if isinstance(item, h5py.Dataset) and "tensor" in item.attrs:
                found[name] = item[place]

        handle[f"weights/{group}"].visititems(take)
        return found
