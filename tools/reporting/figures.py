"""A picture of any column, chosen from its axes.

    [step], [range], [layer], ...     lines with a band over seeds, one line a group of runs
    [algorithm, x]                    a panel a group, a line an algorithm
    [label, algorithm, x]             a panel a label (of the first group), a line an algorithm
    [y, x], [y, x, target]            pictures, one a group
    []                                points with bars against the swept key of most values
    sine_prediction                   the first run of each group, the wave and what it saw of it
    position_loss, forecast_loss, ... those of sequences.py
    "x by key"                        a panel for each value of that swept key, of a column [step], [range], ...
    weights                           no column: products of attention's weights
"""

import numpy
from matplotlib.ticker import MaxNLocator

from . import published, sequences, statistics
from .drawing import LINES, MANY, PANELS, along, band, finish, has, label, panels, spread


def draw(sweep, name):
    """(figure, caption) of a column, or None where no run has it."""
    if name == "weights":
        return weights_of(sweep)
    name, _, key = name.partition(" by ")
    column = sweep.columns.get(name)
    if column is None:
        return None
    groups = [(settings, rows) for settings, rows in sweep.groups() if has(column.of(rows))]
    if not groups:
        return None
    labelled = [axis.labelled for axis in column.axes]
    if name == "sine_prediction":
        figure, left = sine(sweep, column, groups)
    elif name == "position_loss":
        figure, left = sequences.positions(sweep, column, groups)
    elif name == "forecast_loss":
        figure, left = sequences.forecasts(column, groups)
    elif name == "shot_loss":
        figure, left = sequences.shots(sweep, column, groups)
    elif name == "sets_position_loss":
        figure, left = sequences.sets(column, groups)
    elif name in sequences.LAYERED:
        figure, left = sequences.layered(column, groups)
    elif column.axes and column.axes[-1].name == "block":
        figure, left = sequences.blocks(column, groups)
    elif key in sweep.keys:
        figure, left = lines_by(sweep, column, groups, key)
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
    averaged = (sequences.SETS if name == "sets_position_loss"
                else seeds(groups, interval=len(column.axes) < 2 or labelled[0]))
    return figure, f"{column.about}{not_drawn(left, 'group', ' of runs')}. {averaged}"


def not_drawn(left, what, whose=""):
    return f" (not drawn: {left} more {what if left == 1 else what + 's'}{whose})" if left > 0 else ""


def weights_of(sweep):
    try:
        return sequences.weights(sweep, sweep.groups()) if sweep.groups() else None
    except KeyError:  # not kept, or no attention
        return None


def seeds(groups, interval):
    counts = {len(rows) for _, rows in groups}
    if counts == {1}:
        return "One run each."
    span = f"{min(counts)} to {max(counts)}" if len(counts) > 1 else f"{counts.pop()}"
    shown = ", with the 95 % confidence interval of the mean" if interval else ""
    return f"Mean over {span} runs each{shown}."


ENDS = 1 / 8  # of the height of a picture: what the ends of its curves share at least
BEGUN = 1 / 4  # of a training: from here on its curve is always shown


def frame(axes, goals):
    """Lowest and highest loss to show where all of the curves would leave their ends, and the `goals` beside them, too
    near to each other to be told apart: the curves come in from above. Otherwise None."""
    curves = [line.get_data() for line in axes.get_lines() if len(line.get_xdata())]
    ends = numpy.array([y[-1] for _, y in curves] + list(goals))
    if len(ends) < 2:
        return None
    whole = numpy.append(spread(axes), ends)
    low, high = whole.min(), whole.max()
    top = max([ends.min() + numpy.ptp(ends) / ENDS, *(numpy.interp(BEGUN * x[-1], x, y) for x, y in curves)])
    return numpy.array([low, top]) if 2 * (top - low) < high - low else None


def levels(axes, values, words, style):
    """A level for each line that the axes have: one for all, or each in the colour of its line."""
    style = {"ls": style, "lw": 1.1, "alpha": .8}
    if numpy.isfinite(values).all() and len(set(values)) == 1:
        axes.axhline(values[0], color="0.3", label=words, **style)
        return
    said = f"{words}, in the same colours"
    for value, line in zip(values, axes.get_lines()):
        if numpy.isfinite(value):
            axes.axhline(value, color=line.get_color(), label=said, **style)
            said = None


def rivals(sweep, column, groups):
    """[each group's published loss], [each group's loss of GD], which the curves of a column come down to; NaN: none."""
    none = numpy.full(len(groups), numpy.nan)
    if column.name != "test_loss":
        return none, none
    models = [published.model(sweep, rows) for _, rows in groups]
    known = numpy.array([model.mean if model else numpy.nan for model in models])
    gd = sweep.columns.get("gd_loss")
    return known, numpy.array([statistics.mean(gd.of(rows)) for _, rows in groups]) if gd else none


def finish_curves(axes, sweep, column, groups, x):
    """`finish` for the groups whose lines the axes have: a loss beside what it comes down to, in a frame if it needs one."""
    framed = None
    if column.axes[0].name == "step" and column.name.endswith("loss"):
        known, gd = rivals(sweep, column, groups)
        framed = frame(axes, known[numpy.isfinite(known)])
        if framed is not None:
            gd = numpy.where(gd > framed[1], numpy.nan, gd)
            framed = numpy.append(framed, gd)
        levels(axes, gd, "GD", "--")
        levels(axes, known, "published", ":")
    finish(axes, column, x, framed=framed)
    if framed is not None:
        axes.set_ylabel(f"{axes.get_ylabel()}, cut off above")


FEW_POINTS = 12  # of a line: each is marked


def lines(sweep, column, groups):
    figure, (axes,) = panels(1, 6.4, 3.8)
    few = {"marker": "o", "ms": 4} if numpy.shape(column.values)[-1] <= FEW_POINTS else {}
    for settings, rows in groups[:LINES]:
        x, word_x = along(column.axes[0], rows)
        band(axes, x, column.of(rows), label(settings), **few)
    ends = [max(line.get_xdata(), default=0) for line in axes.get_lines() if len(line.get_xdata()) > 2]
    if column.axes[0].name == "step" and ends and max(ends) > 5 * min(ends) > 0:
        axes.set_xscale("log")  # short trainings beside long ones
    finish_curves(axes, sweep, column, groups[:LINES], word_x)
    return figure, len(groups) - LINES


def lines_by(sweep, column, groups, key):
    """A panel for each value of a swept key, a line for each of the others."""
    of = sweep.keys[key]
    values = list(dict.fromkeys(of[rows[0]] for _, rows in groups))
    figure, places = panels(min(len(values), PANELS), 4.8, 3.6)
    for axes, value in zip(places, values):
        drawn = [group for group in groups if of[group[1][0]] == value][:LINES]
        for settings, rows in drawn:
            others = {name: setting for name, setting in settings.items() if name != key}
            band(axes, column.axes[0].of(rows), column.of(rows), label(others))
        finish_curves(axes, sweep, column, drawn, column.axes[0].name)
        axes.set_title(label({key: value}))
    return figure, len(values) - len(places)


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


def parts_of(column, value):
    """[(name, matrix)] of a group's mean: itself, or a matrix for each point of a third axis that the group has."""
    if len(column.axes) < 3:
        return [("", value)]
    if column.axes[2].labelled:
        found = [(f"; {name}", value[..., i]) for i, name in enumerate(column.axes[2].points)]
    else:
        found = [(f"; {column.axes[0].name} {i}", part) for i, part in enumerate(value)]
    return [(name, part) for name, part in found if has(part)]


def pictures(column, groups):
    """Mean over seeds as a picture; of a third axis each point has its own, all of a group or none."""
    values, titles, shown = [], [], 0
    for settings, rows in groups:
        parts = parts_of(column, statistics.mean(column.of(rows)))
        if values and len(values) + len(parts) > MANY:
            break
        values += [part for _, part in parts]
        titles += [label(settings) + name for name, _ in parts]
        shown += 1
    down, across = column.axes[-2:] if not column.axes[-1].labelled else column.axes[:2]
    figure, places = panels(len(values), 3.8, 3.2)
    figure.subplots_adjust(right=1 - .45 / figure.get_size_inches()[0])  # the last numbers of its colours
    for axes, value, title in zip(places, values, titles):
        value, kept = trim(value)
        limit = numpy.nanmax(numpy.abs(value)) or 1
        signed = numpy.nanmin(value) < -.05 * limit  # less is the noise of a figure that is positive
        image = axes.imshow(value, aspect="auto" if value.shape[0] != value.shape[1] else "equal",
                            interpolation="nearest", cmap="RdBu_r" if signed else "viridis",
                            vmin=-limit if signed else 0, vmax=limit)
        figure.colorbar(image, ax=axes, shrink=.85, format="%.3g")
        axes.set(xlabel=across.name.replace("_", " "), ylabel=down.name.replace("_", " "), title=title)
        axes.grid(False)
        for side, at in ((axes.yaxis, kept[0]), (axes.xaxis, kept[1])):
            if len(at) <= FEW_POINTS:
                side.set_ticks(range(len(at)), at)
            else:
                side.set_major_locator(MaxNLocator(integer=True))
    return figure, len(groups) - shown


def trim(value):
    """Without the rows and columns that this run does not have; the numbers of the others."""
    some = numpy.isfinite(value)
    rows, columns = (numpy.flatnonzero(some.any(axis=axis)) for axis in (1, 0))
    return value[rows][:, columns], (rows, columns)


def scalar(sweep, column, groups):
    """Against the numeric key of most values; the other keys make the lines."""
    numeric = [key for key in groups[0][0] if sweep.keys[key].dtype.kind in "fi"]
    x = max(numeric, key=lambda key: len({settings[key] for settings, _ in groups}), default=None)
    figure, (axes,) = panels(1, 6.4, 3.8)
    series = {}
    for i, (settings, rows) in enumerate(groups):
        others = {key: value for key, value in settings.items() if key != x}
        text = label(others) if others else column.name.replace("_", " ")
        series.setdefault(text, []).append((settings[x] if x else i, rows))
    for text, members in list(series.items())[:LINES]:
        at = [place for place, _ in members]
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
