"""A picture of any column, chosen from its axes.

    [step], [range], [layer], ...     lines with a band over seeds, one line a group of runs
    [algorithm, x]                    a panel a group, a line an algorithm
    [label, algorithm, x]             a panel a label (of the first group), a line an algorithm
    [y, x], [y, x, target]            pictures, one a group
    []                                points with bars against the swept key of most values
    sine_prediction                   the first run of each group, the wave and what it saw of it
"""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from . import statistics

PANELS = 6  # in one figure; more groups than that are not drawn, and the caption says so
LINES = 12  # in one panel, likewise
FEW = 4  # lines whose legend has room among them

plt.rcParams.update({
    "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.alpha": .25, "legend.frameon": False, "legend.fontsize": 8, "savefig.dpi": 130,
    "svg.hashsalt": "mesasweep", "axes.titlesize": 9,
})


def label(settings):
    """A group of runs in words: "depth 2, shared"."""
    words = []
    for key, value in settings.items():
        short = key.rsplit(".", 1)[-1].replace("_", " ")
        words.append(str(value) if isinstance(value, str) else f"{short} {value:g}")
    return ", ".join(words) or "all runs"


def draw(sweep, name):
    """(figure, caption) of a column, or None where no run has it."""
    column = sweep.columns.get(name)
    if column is None:
        return None
    groups = [(settings, rows) for settings, rows in sweep.groups() if has(column.of(rows))]
    if not groups:
        return None
    labelled = [axis.labelled for axis in column.axes]
    if name == "sine_prediction":
        figure, left = sine(sweep, column, groups)
    elif not column.axes:
        figure, left = scalar(sweep, column, groups)
    elif labelled == [False]:
        figure, left = lines(sweep, column, groups)
    elif labelled == [True, False]:
        figure, left = algorithms(column, groups)
    elif labelled == [True, True, False]:
        figure, left = kinds(column, groups)
    elif labelled[:2] == [False, False]:
        figure, left = pictures(column, groups)
    else:
        return None
    more = f" ({left} more groups of runs are not drawn)" if left > 0 else ""
    averaged = seeds(groups, interval=len(column.axes) < 2 or labelled[-1] or labelled[0])
    return figure, f"{column.about}{more}. {averaged}"


def has(values):
    return bool(numpy.any(numpy.isfinite(values)))


def seeds(groups, interval):
    counts = {len(rows) for _, rows in groups}
    if counts == {1}:
        return "One run each."
    span = f"{min(counts)} to {max(counts)}" if len(counts) > 1 else f"{counts.pop()}"
    shown = ", with the 95 % confidence interval of the mean" if interval else ""
    return f"Mean over {span} runs each{shown}."


def panels(count, wide=4.2, high=3.1):
    across = min(count, 3)
    down = -(-count // across)
    width, height = wide * across, high * down
    figure, axes = plt.subplots(down, across, figsize=(width, height), squeeze=False)
    figure.subplots_adjust(left=.95 / width, right=1 - .15 / width, bottom=.5 / height, top=1 - .3 / height,
                           wspace=.85 / (wide - .9), hspace=.8 / (high - .8))
    for spare in axes.flat[count:]:
        spare.set_visible(False)
    return figure, list(axes.flat[:count])


def band(axes, x, values, text, **style):
    """One line: the mean over runs, and the interval around it."""
    values = numpy.where(numpy.isfinite(values), values, numpy.nan).astype(float)
    middle, half = statistics.mean(values), statistics.half_width(values)
    shown = numpy.isfinite(middle) & (numpy.asarray(x) >= 0 if numpy.asarray(x).dtype.kind == "i" else True)
    drawn, = axes.plot(numpy.asarray(x)[shown], middle[shown], label=text, lw=1.4, **style)
    low, high = middle - half, middle + half
    positive = middle[shown][middle[shown] > 0]
    if positive.size:  # a band on a logarithmic axis ends where the axis does
        low = numpy.maximum(low, .5 * positive.min()) if (middle[shown] > 0).all() else low
    axes.fill_between(numpy.asarray(x)[shown], low[shown], high[shown], color=drawn.get_color(), alpha=.18, lw=0)


def finish(axes, column, x, legend=True):
    """Names of the axes; logarithmic where all is positive and spans more than a factor of 5."""
    axes.set_xlabel(x)
    heights = numpy.concatenate([numpy.asarray(line.get_ydata(), float) for line in axes.get_lines()] or [[]])
    heights = heights[numpy.isfinite(heights)]
    if heights.size and heights.min() > 0 and heights.max() > 5 * heights.min():
        axes.set_yscale("log")
        axes.set_ylim(heights.min() / 1.5, heights.max() * 1.5)  # bands of few seeds may reach far beyond
        if heights.max() < 500 * heights.min():  # .02, .05, .1 instead of powers of ten
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_ylabel(column.name.replace("_", " ") + (f" [{column.unit}]" if column.unit not in ("1", "") else ""))
    if legend:
        explain(axes)


def explain(axes):
    """The legend; a long one stands below the axes, in a figure that grows by as much."""
    lines = len(axes.get_legend_handles_labels()[1])
    if lines <= FEW or len(axes.figure.axes) > 1:
        axes.legend()
        return
    figure, more = axes.figure, .21 * -(-lines // 2) + .1
    width, high = figure.get_size_inches()
    below = axes.get_position()
    figure.set_size_inches(width, high + more)
    axes.set_position([below.x0, (below.y0 * high + more) / (high + more), below.width, below.height * high / (high + more)])
    figure.legend(*axes.get_legend_handles_labels(), loc="lower center", ncol=2)


# What a curve comes down to: a level without an axis, drawn beside it in the same colour.
LEVELS = {"test_loss": ("gd_loss", "GD")}


def lines(sweep, column, groups):
    figure, (axes,) = panels(1, 6.4, 3.8)
    level, word = LEVELS.get(column.name, (None, None))
    for settings, rows in groups[:LINES]:
        band(axes, column.axes[0].of(rows), column.of(rows), label(settings))
        if level in sweep.columns and has(sweep.columns[level].of(rows)):
            axes.axhline(statistics.mean(sweep.columns[level].of(rows)), ls="--", lw=1, alpha=.7,
                         color=axes.get_lines()[-1].get_color(), label=None if len(groups) > 1 else word)
    ends = [max(line.get_xdata(), default=0) for line in axes.get_lines() if len(line.get_xdata()) > 2]
    if column.axes[0].name == "step" and max(ends) > 5 * min(ends) > 0:
        axes.set_xscale("log")  # short trainings beside long ones
    finish(axes, column, column.axes[0].name)
    return figure, len(groups) - LINES


STYLES = {"transformer": {"color": "C0"}, "gd": {"color": "C1", "ls": "--"}, "gdpp": {"color": "C2", "ls": "-."},
          "interpolated": {"color": "C3", "ls": ":"}}
WORDS = {"gd": "GD", "gdpp": "GD++"}


def compare(axes, column, values, names, x):
    for i, name in enumerate(names):
        if has(values[:, i]):
            band(axes, x.points, values[:, i], WORDS.get(name, name), **STYLES.get(name, {}))
    finish(axes, column, x.name)


def algorithms(column, groups):
    figure, places = panels(min(len(groups), PANELS))
    for axes, (settings, rows) in zip(places, groups):
        compare(axes, column, column.of(rows), column.axes[0].points, column.axes[1])
        axes.set_title(label(settings))
    return figure, len(groups) - PANELS


def kinds(column, groups):
    """The first axis makes the panels; the second one may be the one of the algorithms, or the first."""
    values = column.of(groups[0][1])
    first, second, x = column.axes
    if first.name == "algorithm":
        first, second, values = second, first, numpy.swapaxes(values, 1, 2)
    figure, places = panels(len(first.points))
    for i, axes in enumerate(places):
        compare(axes, column, values[:, i], second.points, x)
        axes.set_title(f"{first.points[i]}; {label(groups[0][0])}")
    return figure, len(groups) - 1


def pictures(column, groups):
    """Mean over seeds as a picture; of a third axis each label has its own."""
    figure_count = min(len(groups), PANELS)
    values = [statistics.mean(column.of(rows)) for _, rows in groups[:figure_count]]
    titles = [label(settings) for settings, _ in groups[:figure_count]]
    if len(column.axes) == 3 and column.axes[2].labelled:
        names = column.axes[2].points
        titles = [f"{title}; {name}" for title in titles for name in names]
        values = [value[..., i] for value in values for i in range(len(names))]
        shown = [i for i, value in enumerate(values) if has(value)][:PANELS]
        values, titles = [values[i] for i in shown], [titles[i] for i in shown]
    elif len(column.axes) == 3:  # a picture for each point of the first axis
        titles = [f"{title}; {column.axes[0].name} {i}" for title in titles for i in range(len(values[0]))]
        values = [part for value in values for part in value]
        shown = [i for i, value in enumerate(values) if has(value)][:PANELS]
        values, titles = [values[i] for i in shown], [titles[i] for i in shown]
    down, across = column.axes[-2:] if not column.axes[-1].labelled else column.axes[:2]
    figure, places = panels(len(values), 3.8, 3.2)
    for axes, value, title in zip(places, values, titles):
        value = trim(value)
        limit = numpy.nanmax(numpy.abs(value)) or 1
        signed = numpy.nanmin(value) < -.05 * limit  # less is the noise of a figure that is positive
        image = axes.imshow(value, aspect="auto" if value.shape[0] != value.shape[1] else "equal",
                            interpolation="nearest", cmap="RdBu_r" if signed else "viridis",
                            vmin=-limit if signed else 0, vmax=limit)
        figure.colorbar(image, ax=axes, shrink=.85)
        axes.set(xlabel=across.name.replace("_", " "), ylabel=down.name.replace("_", " "), title=title)
        axes.grid(False)
        for side in (axes.xaxis, axes.yaxis):
            side.set_major_locator(MaxNLocator(integer=True))
    return figure, len(groups) - PANELS


def trim(value):
    """Without the rows and columns that this run does not have."""
    some = numpy.isfinite(value)
    return value[some.any(axis=1)][:, some.any(axis=0)]


def scalar(sweep, column, groups):
    """Against the numeric key of most values; the other keys make the lines."""
    numeric = [key for key in groups[0][0] if sweep.keys[key].dtype.kind in "fi"]
    x = max(numeric, key=lambda key: len({settings[key] for settings, _ in groups}), default=None)
    figure, (axes,) = panels(1, 6.4, 3.8)
    series = {}
    for settings, rows in groups:
        others = {key: value for key, value in settings.items() if key != x}
        series.setdefault(label(others) if others else column.name.replace("_", " "), []).append((settings, rows))
    for text, members in list(series.items())[:LINES]:
        at = [settings[x] if x else i for i, (settings, _) in enumerate(members)]
        order = numpy.argsort(at)
        values = [column.of(members[i][1]) for i in order]
        axes.errorbar([at[i] for i in order], [statistics.mean(v) for v in values],
                      [numpy.nan_to_num(statistics.half_width(v)) for v in values],
                      marker="o", ms=4, capsize=2, lw=1.2, label=text)
    places = numpy.unique([settings[x] for settings, _ in groups]) if x else numpy.empty(0)
    if places.size > 2:
        ratios = places[1:] / numpy.where(places[:-1] == 0, numpy.nan, places[:-1])
        if places.min() > 0 and ratios.min() > 1.4 and places.max() / places.min() > 20:
            axes.set_xscale("log")
    if x and places.size <= 8 and axes.get_xscale() == "linear":
        axes.set_xticks(places)
    finish(axes, column, x or "group of runs")
    if not x:
        axes.set_xticks([])
    return figure, len(series) - LINES


def sine(sweep, column, groups):
    figure, places = panels(min(len(groups), PANELS))
    for axes, (settings, rows) in zip(places, groups):
        of = {name: sweep.columns[f"sine_{name}"].of(rows)[0] for name in ("prediction", "truth", "context_x", "context_y")}
        x = column.axes[0].points
        axes.plot(x, of["truth"], label="sine", color="0.6", lw=2)
        axes.plot(x, of["prediction"], label="prediction", lw=1.4)
        axes.plot(of["context_x"], of["context_y"], "o", ms=4, label="context", color="C3")
        axes.set(xlabel="x", ylabel="y", title=label(settings))
        axes.legend()
    return figure, len(groups) - PANELS
