"""What all pictures share: panels, lines with bands, axes and legends."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from . import statistics

PANELS = 9  # in one figure; more groups than that are not drawn, and the caption says so
MANY = 18  # of several panels a group, or a model, likewise
LINES = 10  # in one panel, likewise: a colour each
LETTER = .062  # inches of one in a legend, about
FEW = 4  # lines whose legend has room among them
NAMED = ("model.frozen",)  # keys whose words would say something else without them

plt.rcParams.update({
    "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "grid.alpha": .25, "legend.frameon": False, "legend.fontsize": 8, "savefig.dpi": 130,
    "svg.hashsalt": "mesasweep", "axes.titlesize": 9,
    "text.parse_math": False,  # names and settings are text of the file: a $ in them is a $
})


def label(settings):
    """A group of runs in words: "depth 2, shared"."""
    words = []
    for key, value in settings.items():
        short = key.rsplit(".", 1)[-1].replace("_", " ")
        text = value if isinstance(value, str) else f"{value:g}"
        words.append(text if isinstance(value, str) and key not in NAMED else f"{short} {text}")
    return ", ".join(words) or "all runs"


def has(values):
    return bool(numpy.any(numpy.isfinite(values)))


def has_each(values):
    """Which rows have a number."""
    return numpy.isfinite(values).any(axis=tuple(range(1, values.ndim)))


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


def sheet(down, across, wide=3, high=1.8):
    """Panels that share the scale of their row, and their names."""
    width, height = wide * across + .9, high * down + .9
    figure, axes = plt.subplots(down, across, figsize=(width, height), squeeze=False, sharey="row", sharex="col")
    figure.subplots_adjust(left=.9 / width, right=1 - .15 / width, bottom=.6 / height, top=1 - .3 / height,
                           wspace=.08, hspace=.12)
    return figure, list(axes.flat)


def along(axis, rows):
    """Points of an axis in a run, and its name: tokens are counted from 1."""
    points = numpy.asarray(axis.of(rows))
    return (points + 1, "token of the sequence") if axis.name == "position" else (points, axis.name)


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


def spread(axes, of=Line2D.get_ydata):
    """All that the lines in `axes` go through."""
    return numpy.concatenate([numpy.asarray(of(line), float) for line in axes.get_lines()] or [[]])


def finish(axes, column, x, legend=True, framed=None):
    """Names of the axes; logarithmic where all is positive and spans more than a factor of 5, but for shares (R^2).
    With values `framed` the picture is as high as these, and lines may leave it."""
    axes.set_xlabel(x)
    widths, heights = spread(axes, Line2D.get_xdata), spread(axes) if framed is None else framed
    free = axes.get_xscale() == "linear" and not isinstance(axes.xaxis.get_major_locator(), FixedLocator)
    if free and widths.size and (widths == widths.round()).all():
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, steps=(1, 2, 5, 10)))
    heights = heights[numpy.isfinite(heights)]
    share = "_r2" in column.name
    if heights.size and numpy.ptp(heights) < .01 * abs(heights).max():  # numbers on the axis that differ
        axes.set_ylim(heights.min() - .01 * abs(heights).max(), heights.max() + .01 * abs(heights).max())
    elif heights.size and heights.min() > 0 and heights.max() > 5 * heights.min() and not share:
        axes.set_yscale("log")
        axes.set_ylim(heights.min() / 1.5, heights.max() * 1.5)  # bands of few seeds may reach far beyond
        if heights.max() < 500 * heights.min():  # .02, .05, .1 instead of powers of ten
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    elif heights.size and framed is not None:
        axes.set_ylim(heights.min() - .05 * numpy.ptp(heights), heights.max() + .05 * numpy.ptp(heights))
    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_scale() == "log":  # .02, 1e-05: matplotlib's own powers are formulas
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())
    axes.set_ylabel(column.name.replace("_", " ") + (f" [{column.unit}]" if column.unit not in ("1", "") else ""))
    if legend:
        explain(axes)


def explain(axes):
    """The legend; a long one stands below the axes, in a figure that grows by as much."""
    if len(axes.get_legend_handles_labels()[1]) <= FEW or len(axes.figure.axes) > 1:
        axes.legend()
    else:
        explain_below(axes.figure, 2)


def explain_below(figure, columns):
    """One legend for all axes, below them, of so many columns or as many as there is room for, in a figure that grows
    by as much."""
    known = {}
    for axes in figure.axes:
        known |= {text: handle for handle, text in zip(*axes.get_legend_handles_labels())}
    width, high = figure.get_size_inches()
    columns = max(1, min(columns, int(width / (LETTER * max(map(len, known), default=0) + .5))))
    more = .21 * -(-len(known) // columns) + .1
    figure.set_size_inches(width, high + more)
    for axes in figure.axes:
        at = axes.get_position()
        axes.set_position([at.x0, (at.y0 * high + more) / (high + more), at.width, at.height * high / (high + more)])
    figure.legend(known.values(), known.keys(), loc="lower center", ncol=columns)
