"""Pictures of paper 2: losses along a sequence, layers beside each other, weights, blocks of weights."""

import itertools

import matplotlib.pyplot as plt
import numpy

import mesasweep

from . import published, statistics
from .drawing import LINES, MANY, PANELS, along, band, explain_below, finish, has, has_each, label, panels, sheet, spread
from .sweep import MODEL

PARTS = 4  # of a constructed token

# Points of the axis of forecasts, which may be followed by "_on_" and what else than states they work on.
ALGORITHMS = {
    "zero": "nothing",
    "gradient_descent": "one step of GD",
    "neumann": "Neumann, 6 steps",
    "richardson": "Richardson, 6 steps",
    "newton_schulz": "Newton-Schulz, 6 steps",
    "chebyshev": "Chebyshev, 6 steps",
    "best_polynomial": "the best 6 steps",
    "least_squares": "least squares",
}
RICHER = {"features": "features", "window": "a window"}

# Those beside a model: (algorithm, pairs that it knows) -> style. The lagged ones are the published.
# Grey on the states, green on what else a task lets them know.
RIVALS = {
    ("zero", "inclusive"): {"color": "0.75", "ls": ":"},
    ("gradient_descent", "inclusive"): {"color": "0.15", "ls": "--"},
    ("chebyshev", "lagged"): {"color": "0.35", "ls": "-."},
    ("best_polynomial", "lagged"): {"color": "0.35", "ls": (0, (1, 1))},
    ("least_squares", "lagged"): {"color": "0.55", "ls": "--"},
}
RIVALS |= {(f"{name}_on_{more}", known): {**style, "color": "#2e7d4f"} for (name, known), style in RIVALS.items()
           if known == "lagged" for more in RICHER}


def words_of(name):
    """Of a point of the axis of forecasts."""
    plain, _, more = name.partition("_on_")
    return ALGORITHMS.get(plain, plain.replace("_", " ")) + (f" on {RICHER.get(more, more)}" if more else "")


def style_of(name):
    """A colour for each algorithm; what knows more than states is dashed."""
    plain, _, more = name.partition("_on_")
    place = list(ALGORITHMS).index(plain) if plain in ALGORITHMS else len(ALGORITHMS)
    return {"color": f"C{place}", "ls": "--" if more else "-"}


def same_data(column, groups):
    """Groups with the same values of a column that depends on the data alone: [groups]."""
    found = []
    for settings, rows in groups:
        values = column.of(rows[:1])
        for other, members in found:
            if numpy.array_equal(other, values, equal_nan=True):
                members.append((settings, rows))
                break
        else:
            found.append((values, [(settings, rows)]))
    return [members for _, members in found]


def forecast_lines(column, rows):
    """{(algorithm, pairs that it knows): loss at each token} of those that the data of these runs have."""
    _, names, pairs = column.axes
    values = statistics.mean(column.of(rows))
    found = {(name, known): values[:, i, k] for i, name in enumerate(names.points) for k, known in enumerate(pairs.points)}
    return {key: line for key, line in found.items() if has(line)}


def dots(axes, level, colour):
    """Published losses, if there are some: filled of a model, hollow of an algorithm."""
    if level and level.losses:
        axes.plot(published.TOKENS, level.losses, ls="", marker="o", ms=3.5, mfc=colour if level.where else "none", color=colour,
                  label=f"published, {level.words}")


def published_models(axes, sweep, members):
    """Dots of each model that groups are whose lines the axes have: in the colour of its line, if it has but one."""
    colours = {}
    for (_, rows), line in zip(members, axes.get_lines()):
        level = published.model(sweep, rows)
        if level:
            colours.setdefault(level.words, (level, []))[1].append(line.get_color())
    for level, shared in colours.values():
        dots(axes, level, shared[0] if len(shared) == 1 else "0.3")


def draw_forecasts(axes, sweep, rows):
    column = sweep.columns["forecast_loss"]
    lines = forecast_lines(column, rows)
    for (name, known), style in RIVALS.items():
        if (name, known) in lines:
            words = words_of(name) + (", lagged" if known == "lagged" else "")
            axes.plot(column.axes[0].points + 1, lines[name, known], label=words, lw=1.2, **style)
            dots(axes, published.algorithm(sweep, rows, name, known), style["color"])


def forecasts(column, groups):
    """Loss of all algorithms at each token: a row of panels for each kind of data, a column for each kind of pairs known."""
    sets, pairs = same_data(column, groups), column.axes[2]
    shown = sets[:PANELS]
    figure, places = sheet(len(shown), len(pairs.points), 4.6, 3.4)
    for i, (axes, (members, known)) in enumerate(zip(places, itertools.product(shown, pairs.points))):
        lines = forecast_lines(column, members[0][1])
        for name in (name for name in column.axes[1].points if (name, known) in lines):
            axes.plot(column.axes[0].points + 1, lines[name, known], label=words_of(name), lw=1.3, **style_of(name))
        finish(axes, column, "token of the sequence", legend=False, framed=numpy.concatenate(list(lines.values())))
        axes.set_title(f"{known} pairs" if i < len(pairs.points) else "")
        if len(sets) > 1:
            axes.set_ylabel(label(common(members)))
        axes.label_outer()
    explain_below(figure, 4)
    return figure, sum(len(members) for members in sets[PANELS:])


def common(members):
    """What all of them have in common."""
    first = members[0][0]
    return {key: value for key, value in first.items() if all(settings[key] == value for settings, _ in members)}


def curves(axes, x, column, members, shared, colours):
    """A line for each group, named by what it has for itself; a name keeps its colour in all panels of `colours`."""
    for settings, rows in members[:LINES]:
        text = label({key: value for key, value in settings.items() if key not in shared})
        band(axes, x, column.of(rows), text, color=colours.setdefault(text, f"C{len(colours)}"))


def positions(sweep, column, groups):
    """Loss at each token, a panel for each kind of data, beside the algorithms."""
    rivals = sweep.columns.get("forecast_loss")
    sets = same_data(rivals, groups) if rivals else [groups]
    figure, places = panels(min(len(sets), PANELS), *((6.4, 4.2) if len(sets) == 1 else (5.2, 4.4)))
    colours = {}
    for axes, members in zip(places, sets):
        shared = common(members) if len(sets) > 1 else {}
        curves(axes, column.axes[0].points + 1, column, members, shared, colours)
        published_models(axes, sweep, members[:LINES])
        if rivals:
            draw_forecasts(axes, sweep, members[0][1])
        finish(axes, column, "token of the sequence", legend=len(sets) == 1)
        if len(sets) > 1:
            axes.set_title(label(common(members)))
    if len(sets) > 1:
        explain_below(figure, 2)
    return figure, sum(max(0, len(members) - LINES) for members in sets)


# Columns with a line for each point of one axis over another: (lines, x); a third axis makes the panels.
LAYERED = {
    "sequence_probe_r2": ("layer", "position"),
    "sequence_probe_r2_in_sample": ("layer", "position"),
    "condition_preconditioned": ("layer", "position"),
    "copy_sensitivity": ("copying", "back"),
    "snapshot_copy_sensitivity": ("back", "step"),
}


POINTS = {"copying": "token", "back": "tokens back"}  # in the place of an axis' name


def names_of(axis, count):
    word = POINTS.get(axis.name, axis.name)
    return [f"{word} {point:g}" if not axis.labelled else str(point) for point in axis.points[:count]]


def layered(column, groups):
    """A panel a group; for a column of three axes a column of panels, a row for each point of the third axis that some
    group has, of one scale."""
    names = [axis.name for axis in column.axes]
    lines, x = (names.index(name) for name in LAYERED[column.name])
    values = numpy.stack([statistics.mean(column.of(rows)) for _, rows in groups[:PANELS]])
    size = [values.shape[i + 1] for i in (lines, x)]
    values = numpy.moveaxis(values, (lines + 1, x + 1), (-2, -1)).reshape(len(values), -1, *size)
    thirds = [i for i in range(values.shape[1]) if has(values[:, i])]
    colours = colours_of([stack for stacks in values[:, thirds] for stack in stacks])
    third = next((axis for axis in column.axes if axis.name not in LAYERED[column.name]), None)
    figure, places = panels(len(values), 4.6, 3.4) if third is None else sheet(len(thirds), len(values))
    for axes, (at, (i, (settings, rows))) in zip(places, itertools.product(thirds, enumerate(groups[:PANELS]))):
        points, word = along(column.axes[x], rows)
        draw_layers(axes, values[i, at], column.axes[lines], points, colours)
        framed = values[:, at]
        finish(axes, column, POINTS.get(word, word), legend=False, framed=framed[numpy.isfinite(framed)])
        if third is None or at == thirds[0]:
            axes.set_title(label(settings))
        if third is not None:
            axes.set_ylabel(names_of(third, values.shape[1])[at].replace("_", " "))
            axes.label_outer()
    explain_below(figure, 4)
    return figure, len(groups) - len(values)


def colours_of(stacks):
    """A colour for each line that some panel has: the same in all of them, as they share a legend."""
    shown = sorted({i for stack in stacks for i in range(len(stack)) if has(stack[i])})
    return dict(zip(shown, plt.get_cmap("viridis")(numpy.linspace(0, .92, max(len(shown), 2)))))


def draw_layers(axes, values, axis, x, colours):
    for i in (i for i in colours if has(values[i])):
        there = numpy.isfinite(values[i])
        axes.plot(numpy.asarray(x)[there], values[i][there], color=colours[i], lw=1.4,
                  label=names_of(axis, len(values))[i])


def products(found, layer, heads):
    """[(head, "QK" or "VP", matrix)] of a layer, rows as tokens."""
    query, key, value, project = (found[f"layer{layer}/{name}"].astype(float) for name in ("query", "key", "value", "project"))
    size = query.shape[1] // heads
    for head in range(heads):
        at = slice(head * size, (head + 1) * size)
        yield head, "QK", query[:, at] @ key[:, at].T
        yield head, "VP", value[:, at] @ project[at]


def heads_of(sweep, row):
    key = "model.heads"
    return int(sweep.keys[key][row] if key in sweep.keys else sweep.constant.get(key, 1))


def weights(sweep, groups):
    """Products of attention's weights of the first run of the last group: a row a layer, heads side by side."""
    settings, rows = groups[-1]
    found = mesasweep.weights(sweep.path, int(rows[0]))
    layers = sum(name.startswith("layer") and name.endswith("/query") for name in found)
    if not layers:
        return None
    heads = heads_of(sweep, rows[0])
    across = 2 * min(heads, 4)
    figure, places = plt.subplots(layers, across, figsize=(1.65 * across + .4, 1.75 * layers + .5), squeeze=False)
    figure.subplots_adjust(left=.05, right=.99, bottom=.02, top=1 - .45 / (1.75 * layers + .5), wspace=.06, hspace=.12)
    for layer in range(layers):
        for axes, (head, name, matrix) in zip(places[layer], products(found, layer, heads)):
            limit = numpy.abs(matrix).max() or 1
            axes.imshow(matrix, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
            axes.set(xticks=[], yticks=[])
            axes.grid(False)
            if len(matrix) % PARTS == 0:
                for place in range(1, PARTS):
                    axes.axhline(place * len(matrix) / PARTS - .5, color="0.6", lw=.4)
                    axes.axvline(place * len(matrix) / PARTS - .5, color="0.6", lw=.4)
            if layer == 0:
                axes.set_title(f"head {head + 1}: {name}", fontsize=8)
        places[layer][0].set_ylabel(f"layer {layer + 1}", fontsize=8)
    about = (f"QK = Wq Wk' and VP = Wv Wp of each head of {label(settings)} (its first run), each in its own "
             "colours from -max (blue) to max (red); lines part the four parts of a constructed token")
    return figure, about


def blocks(column, groups):
    """The numbers of a compressed model: a row a head, a column a block."""
    shown = groups[:PANELS]
    figure, places = panels(len(shown), 5.4, 3.4)
    for axes, (settings, rows) in zip(places, shown):
        values = column.of(rows)[0]
        layer, head = numpy.nonzero(numpy.isfinite(values).all(axis=2))
        value = values[layer, head]
        limit = numpy.abs(value).max() or 1
        image = axes.imshow(value, aspect="auto", cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
        axes.figure.colorbar(image, ax=axes, shrink=.85, format="%.2g")
        axes.set_xticks(range(len(column.axes[2].points)), column.axes[2].points, rotation=90, fontsize=7)
        axes.set_yticks(range(len(layer)), [f"{a}.{b + 1}" for a, b in zip(layer, head)], fontsize=7)
        axes.set(xlabel="block: part of row - part of column", ylabel="layer.head", title=label(settings))
        axes.grid(False)
    return figure, len(groups) - len(shown)


# Of few-shot streams: least squares beside the models.
SHOTS = {
    "shot_least_squares": ("least squares of the stream, lagged", {"color": "0.55", "ls": "--"}),
    "shot_least_squares_pairs": ("least squares of the pairs", {"color": "0.15", "ls": "-."}),
}


def finish_shots(places, column, sources):
    """Least squares, from the (sweep, rows) of each panel, beside its models. All panels are as high as the models and
    the end of least squares on the stream, which has a peak before; that of the pairs falls by decades and leaves them."""
    framed = [spread(axes) for axes in places]
    for axes, (sweep, rows) in zip(places, sources):
        for name, (words, style) in SHOTS.items():
            if name in sweep.columns:
                values = statistics.mean(sweep.columns[name].of(rows))
                axes.plot(numpy.arange(len(values)) + 1, values, label=words, lw=1.2, **style)
                framed += [values[-1:]] if name == "shot_least_squares" else []
    for axes in places:
        finish(axes, column, "shot", legend=False, framed=numpy.concatenate(framed))
    explain_below(places[0].figure, 2)


def model_of(sweep, row):
    return tuple(str(sweep.setting(key, row)) for key in MODEL)


def shots(sweep, column, groups):
    """Loss of each shot, a panel for each model and kind of stream, beside least squares."""
    rivals = [sweep.columns[name] for name in SHOTS if name in sweep.columns]
    kinds = {}
    for i, alike in enumerate(same_data(rivals[0], groups) if rivals else [groups]):
        for settings, rows in alike:
            kinds.setdefault((i, model_of(sweep, rows[0])), []).append((settings, rows))
    kinds = list(kinds.values())
    shown = kinds[:MANY]
    figure, places = panels(len(shown), 5.6, 4.2)
    colours = {}
    for axes, members in zip(places, shown):
        shared = common(members) if len(kinds) > 1 else {}
        x = numpy.arange(len(column.axes[0].points)) + 1
        curves(axes, x, column, members, shared, colours)
        axes.set_title(label(shared) if shared else "")
    finish_shots(places, column, [(sweep, members[0][1]) for members in shown])
    return figure, len(groups) - sum(len(members[:LINES]) for members in shown)


TOLD = ("plain", "EOS", "prefix", "prefix + EOS")  # how a model is told what is asked


def shot_runs(sweep):
    """{(MODEL's values): {"plain", "EOS", ...: rows}} of the streams of one task."""
    found = {}
    for row in numpy.flatnonzero(sweep.done & has_each(sweep.columns["shot_loss"].values)):
        told = [word for key, word in (("model.prefix", "prefix"), ("model.eos", "EOS")) if float(sweep.setting(key, row)) > 0]
        if int(sweep.setting("task.tasks", row)) == 1:
            model = found.setdefault(model_of(sweep, row), {})
            model.setdefault(" + ".join(told) or TOLD[0], []).append(row)
    return found


def shots_together(sweeps):
    """Loss of each shot, a panel a model, a line for each way in which it is told what is asked, from all sweeps that
    have that model, and how many models are left; None where no model is in two of them."""
    having = [(sweep, shot_runs(sweep)) for sweep in sweeps if "shot_loss" in sweep.columns]
    models = [model for model in dict.fromkeys(model for _, runs in having for model in runs)
              if sum(model in runs for _, runs in having) > 1]
    if not models:
        return None
    figure, places = panels(min(len(models), PANELS), 5.6, 4.2)
    sources = []
    for axes, model in zip(places, models):
        parts = [(told, sweep, rows) for sweep, runs in having for told, rows in runs.get(model, {}).items()]
        for told, sweep, rows in sorted(parts, key=lambda part: TOLD.index(part[0])):
            column = sweep.columns["shot_loss"]
            band(axes, numpy.arange(len(column.axes[0].points)) + 1, column.of(rows), told, color=f"C{TOLD.index(told)}")
        sources.append(parts[0][1:])
        axes.set_title(", ".join(f"{key.rpartition('.')[2]} {value}" for key, value in zip(MODEL, model)))
    finish_shots(places, column, sources)
    return figure, len(models) - PANELS


SETS = "Mean over the evaluation sets, with the 95 % confidence interval of the mean."


def sets(column, groups):
    """Mean over runs and evaluation sets at each token that predicts, which of few-shot streams are the shots."""
    figure, (axes,) = panels(1, 6.4, 4)
    word = "token of the sequence"
    for settings, rows in groups[:LINES]:
        values = column.of(rows)
        values = values.reshape(-1, values.shape[-1])
        there = numpy.flatnonzero(numpy.isfinite(values).any(axis=0))
        x = there + 1
        if there.size and there[-1] - there[0] >= there.size:  # not every token
            x, word = numpy.arange(there.size) + 1, "shot"
        band(axes, x, values[:, there], label(settings))
    finish(axes, column, word)
    return figure, len(groups) - LINES
