"""What the papers' sweeps are asked, and what is expected of them: one row a check.

A bound is what the science says, never fitted to what was found; the verdict may be "no".
"""

import numpy

from . import paper2
from .checks import Check, Page


def over_gd(sweep, rows, column, axis):
    """transformer / gd of a column [run, algorithm, axis], and the points of the axis."""
    names, points = sweep.columns[column].axes
    assert points.name == axis
    of = {name: sweep.columns[column].of(rows)[:, k] for k, name in enumerate(names.points)}
    return of["transformer"] / of["gd"], points.points


def at(column, axis, value):
    """That ratio at one point of the axis."""

    def ratio(sweep, rows):
        if column not in sweep.columns:
            return numpy.empty(0)
        ratios, points = over_gd(sweep, rows, column, axis)
        return ratios[:, int(numpy.argmin(numpy.abs(points - value)))]

    return ratio


def excess(column, axis, last):
    """Largest distance of that ratio from 1 up to `last` on the axis."""

    def worst(sweep, rows):
        if column not in sweep.columns:
            return numpy.empty(0)
        ratios, points = over_gd(sweep, rows, column, axis)
        return numpy.max(numpy.abs(ratios - 1)[:, points <= last + 1e-9], axis=1)

    return worst


def quotient(above, below):
    def ratio(sweep, rows):
        if above not in sweep.columns or below not in sweep.columns:
            return numpy.empty(0)
        parts = [sweep.columns[name].of(rows) for name in (above, below)]
        parts = [part[:, -1] if part.ndim == 2 else part for part in parts]
        return parts[0] / parts[1]

    return ratio


def deep(depth, weights, high):
    return Check(f"{depth} layers, {weights.replace('_', ' ')} weights: trained loss over GD++", "gdpp_ratio",
                 {"model__depth": depth, "model__weights": weights, "model__kind": "transformer"}, high=high)


def over_trained(depth):
    """The loss over that of GD++ as trained, the run with the same seed (the evaluation set is one), each
    without its worst .1 %."""

    def ratio(sweep, rows):
        rivals = sweep.rows(model__depth=depth, model__weights="per_layer", model__kind="gdpp")
        if "seed" not in sweep.keys:
            return numpy.empty(0)
        losses, seeds = sweep.columns["test_loss_trimmed"].values, sweep.keys["seed"]
        rival = {seeds[row]: losses[row] for row in rivals}
        return numpy.array([losses[row] / rival[seeds[row]] for row in rows if seeds[row] in rival])

    return ratio


# From 4 layers on GD++ with a set of weights for each has no optimum on finitely many tasks.
def deeper(depth):
    return Check(f"{depth} layers, per layer weights: loss over trained GD++, both without the worst .1 %",
                 over_trained(depth),
                 {"model__depth": depth, "model__weights": "per_layer", "model__kind": "transformer"}, high=1.02)


PAGES = {
    "paper1-one-layer": Page(
        "One linear layer is one step of gradient descent",
        ("test_loss", "train_loss", "normalised_m", "normalised_u", "interpolation_loss", "gd_ratio", "model_cos"),
        (Check("trained loss over one step of GD", "gd_ratio", low=1.0, high=1.005),
         Check("cosine of sensitivities with GD", "model_cos", low=.998),
         Check("mean difference of predictions", "preds_diff", high=.025),
         Check("U'_yy over -eta/N", "normalised_u_yy_ratio", low=.98, high=1.02))),
    "paper1-depth": Page(
        "L layers, L steps, and GD++",
        ("test_loss", "gdpp_ratio", "gdpp_ratio_trimmed", "gd_ratio", "gdpp_model_cos", "layer_loss", "interpolation_loss",
         "normalised_m", "normalised_u", "probe_r2"),
        (deep(2, "shared", 1.03), deep(3, "shared", 1.05), deep(4, "shared", 1.05), deep(5, "shared", 1.05),
         deep(12, "shared", 1.07), deep(2, "per_layer", 1.01),
         Check("2 layers, per layer weights: cosine with GD++", "gdpp_model_cos",
               {"model__depth": 2, "model__weights": "per_layer", "model__kind": "transformer"}, low=.998),
         Check("3 layers, per layer weights: loss over GD++, both without the worst .1 %", "gdpp_ratio_trimmed",
               {"model__depth": 3, "model__weights": "per_layer", "model__kind": "transformer"}, high=1.02),
         deeper(3), deeper(4), deeper(5), deeper(12))),
    "paper1-training": Page(
        "When a model becomes gradient descent, or GD++",
        ("snapshot_loss", "snapshot_gd_ratio", "snapshot_model_cos", "snapshot_model_diff", "snapshot_preds_diff",
         "snapshot_gdpp_ratio", "snapshot_gdpp_model_cos", "snapshot_gdpp_model_diff", "snapshot_gdpp_preds_diff"),
        (Check("one layer: cosine of sensitivities with GD, at the end", "snapshot_model_cos", {"model__depth": 1}, low=.998),
         Check("two layers: loss over GD++, at the end", "snapshot_gdpp_ratio", {"model__depth": 2}, high=1.03),
         Check("five layers: loss over GD++, at the end", "snapshot_gdpp_ratio", {"model__depth": 5}, high=1.05))),
    "paper1-heads-softmax": Page(
        "Softmax attention needs two heads",
        ("gd_ratio", "test_loss", "model_cos", "softmax_heads_diagonal", "softmax_heads_sum", "softmax_heads"),
        (Check("softmax, one head: loss over GD", "gd_ratio", {"model__layers": "softmax*", "model__heads": 1}, low=1.8),
         Check("softmax, two heads: loss over GD", "gd_ratio", {"model__layers": "softmax*", "model__heads": 2}, high=1.1),
         Check("linear, one head: loss over GD", "gd_ratio", {"model__layers": "linear*", "model__heads": 1}, high=1.005))),
    "paper1-out-of-distribution": Page(
        "Trained weights on other data",
        ("range_loss", "range_loss_median", "range_loss_trimmed", "scale_loss", "scale_loss_median", "inputs_loss",
         "inputs_loss_median", "noisy_loss", "noisy_loss_median", "gd_ratio"),
        (Check("one layer: largest distance of loss over GD from 1, up to range 1.5", excess("range_loss", "range", 1.5),
               {"model__depth": 1}, high=.03),
         Check("one layer: loss over GD with 4 noisy labels", at("noisy_loss", "noisy", 4),
               {"model__depth": 1}, low=.97, high=1.03),
         Check("one layer: loss over GD at weight scale 3", at("scale_loss", "scale", 3),
               {"model__depth": 1}, low=.97, high=1.03))),
    "paper1-repetition": Page(
        "One layer, again and again",
        ("repeated_loss_median", "repeated_loss_trimmed", "repeated_loss"),
        (Check("applied 5 times: loss over GD", at("repeated_loss_trimmed", "times", 5), low=.95, high=1.05),
         Check("applied 10 times: loss over GD", at("repeated_loss_trimmed", "times", 10), low=.9, high=1.1))),
    "paper1-copying": Page(
        "Separate tokens: copying, then gradient descent",
        ("test_loss", "copy_own", "copy_next", "copy_others", "gd_ratio", "probe_r2"),
        (Check("clean read-out: loss over one step of GD", "gd_ratio", {"tokens__readout": "clean"}, high=1.1),
         Check("published read-out: loss over one step of GD", "gd_ratio", {"tokens__readout": "published"}, high=1.1),
         Check("dependence on the next token over that on others", quotient("copy_next", "copy_others"), low=2),
         Check("dependence on the own token over that on others", quotient("copy_own", "copy_others"), low=2))),
    "paper1-sine": Page(
        "An MLP in front: kernel regression",
        ("test_loss", "sine_prediction"),
        (Check("transformer: loss", "test_loss", {"model__kind": "transformer"}, high=.01),
         Check("MLP + GD: loss", "test_loss", {"model__kind": "mlp_gd"}, high=.01))),
    "paper1-learning-rates": Page(
        "How much the learning rate decides", ("gd_ratio", "gdpp_ratio", "model_cos", "test_loss")),
}

PAGES |= paper2.pages()

# Endings of columns that say how sure another one is, or the same with less weight on the worst tasks.
BESIDE = ("_median", "_trimmed", "_error", "_ci95")


def page(sweep):
    """That of a paper's sweep, or of any: the loss, the figures of /summary, then all with axes."""
    known = PAGES.get(sweep.name)
    if known:
        return known
    shown = [name for name, column in sweep.columns.items()
             if (column.axes or name in sweep.telling) and not name.endswith(BESIDE)]
    first = sorted(shown, key=lambda name: (name != "test_loss", name not in sweep.telling))
    return Page(sweep.name, tuple(first))
