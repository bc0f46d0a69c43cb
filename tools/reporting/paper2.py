"""Paper 2 (arXiv 2309.05858): what its sweeps are asked, and what is expected of them."""

import numpy

from . import published, statistics
from .checks import Check, Page, evaluated, final


def at_step(column, step):
    """Value of a curve after so many updates; none of a run that did not get there."""

    def value(sweep, rows):
        if column not in sweep.columns:
            return numpy.empty(0)
        found = []
        for row in rows:
            steps = numpy.asarray(sweep.columns[column].axes[0].of([row]))
            place = int(numpy.argmin(numpy.abs(steps - step)))
            found.append(sweep.columns[column].values[row, place] if steps[place] == step else numpy.nan)
        return numpy.array(found)

    def error(sweep, rows):
        ended = [row for row in rows if numpy.max(sweep.columns[column].axes[0].of([row])) == step]
        return evaluated(column, sweep, ended)

    value.error = error
    return value


def forecast(name, known):
    """Mean over the tokens of the loss of an algorithm."""

    def of(column, sweep, rows):
        *_, names, pairs = sweep.columns[column].axes
        values = sweep.columns[column].of(rows[:1])  # of the data alone: the same in all runs
        return values[..., list(names.points).index(name), list(pairs.points).index(known)]

    def value(sweep, rows):
        return statistics.mean(of("forecast_loss", sweep, rows).T).ravel() if "forecast_loss" in sweep.columns else numpy.empty(0)

    def error(sweep, rows):
        column = "forecast_loss_error"
        return of(column, sweep, rows)[0] if column in sweep.columns else numpy.nan

    value.error = error
    return value


def over_forecast(name, known):
    """Final loss of runs over that of an algorithm on the same sequences."""

    def ratio(sweep, rows):
        rival = forecast(name, known)(sweep, rows)
        return end(sweep, rows) / rival if rival.size else rival

    return ratio


def average(column):
    """Mean over all axes of what a run has."""

    def value(sweep, rows):
        if column not in sweep.columns:
            return numpy.empty(0)
        values = sweep.columns[column].of(rows)
        return numpy.nanmean(values.reshape(len(values), -1), axis=1) if values.size else numpy.empty(0)

    return value


def sets(sweep, rows):
    """Mean loss on each evaluation set: what counts as a run is a set."""
    return sweep.columns["sets_loss"].of(rows).ravel() if "sets_loss" in sweep.columns else numpy.empty(0)


def shot(count):
    """Loss after so many pairs of a few-shot stream (from 1: the first y, before any pair), on each evaluation set."""

    def value(sweep, rows):
        if "sets_position_loss" not in sweep.columns:
            return numpy.empty(0)
        found = []
        for values in sweep.columns["sets_position_loss"].of(rows):
            shots = values[:, numpy.isfinite(values).any(axis=0)]
            found += list(shots[:, count - 1]) if shots.shape[1] >= count else []
        return numpy.array(found)

    return value


def end(sweep, rows):
    """Final loss."""
    return final(sweep.columns["test_loss"], rows)


def over(above, below, figure=end):
    """A figure of runs over its mean over others, each as {"model__layers": "mesa*"}."""

    def ratio(sweep, _):
        return figure(sweep, sweep.rows(**above)) / statistics.mean(figure(sweep, sweep.rows(**below)))

    return ratio


def decoded(target, layer, position):
    """Held-out R^2 of a target from the stream after a layer (-1: the last of the run) at a token."""

    def value(sweep, rows):
        if "sequence_probe_r2" not in sweep.columns:
            return numpy.empty(0)
        column = sweep.columns["sequence_probe_r2"]
        values = column.of(rows)[:, :, position - 1, list(column.axes[2].points).index(target)]
        return numpy.array([row[numpy.isfinite(row)][layer] if numpy.isfinite(row).any() else numpy.nan for row in values])

    return value


def gain(target, position):
    """How much more of a target the last layer knows than the input."""

    def value(sweep, rows):
        last, first = (decoded(target, layer, position)(sweep, rows) for layer in (-1, 0))
        return last - first

    return value


def copied(sweep, rows):
    """Dependence of token 25 after layer 1 on the one before over that on earlier ones. Itself does not count: the
    residual stream carries it through any layer, also of a model that has learned nothing."""
    if "copy_sensitivity" not in sweep.columns:
        return numpy.empty(0)
    column = sweep.columns["copy_sensitivity"]
    values = column.of(rows)[:, int(numpy.argmin(numpy.abs(column.axes[0].points - 25)))]
    return values[:, 1] / values[:, 2:].mean(axis=1)


def conditioned(position):
    """Condition number of the problem that the last layer leaves over that of the data, at the nearest token."""

    def ratio(sweep, rows):
        if "condition_preconditioned" not in sweep.columns:
            return numpy.empty(0)
        found = []
        for values in sweep.columns["condition_preconditioned"].of(rows):
            kept = values[numpy.isfinite(values).any(axis=1)]
            tokens = numpy.flatnonzero(numpy.isfinite(kept).all(axis=0)) if len(kept) else []
            at = tokens[numpy.argmin(numpy.abs(tokens - (position - 1)))] if len(tokens) else 0
            found.append(kept[-1, at] / kept[0, at] if len(tokens) else numpy.nan)
        return numpy.array(found)

    return ratio


def linearised(layer):
    """Loss with linear attention in the place of a layer (-1: the last of the run) over that of the model."""

    def ratio(sweep, rows):
        if "linearised_loss" not in sweep.columns:
            return numpy.empty(0)
        found = [values[numpy.isfinite(values)] for values in sweep.columns["linearised_loss"].of(rows)]
        return numpy.array([values[layer] / values[0] if len(values) > abs(layer) else numpy.nan for values in found])

    return ratio


def near(value, share):
    return {"low": value * (1 - share), "high": value * (1 + share)}


def layers(depth, rest=None):
    return {"model__depth": depth, **(rest or {})}


NUMBERS = {1: "one layer", 2: "two layers", 3: "three layers", 4: "four layers", 6: "six layers", 7: "seven layers"}


def baseline(words, *algorithm):
    level = published.ALGORITHMS.get(algorithm)
    return Check(f"{words}: mean loss", forecast(*algorithm), **(near(level.mean, .01) if level else {}))


BASELINES = (
    baseline("one step of GD, best rate", "gradient_descent", "inclusive"),
    baseline("Chebyshev, 6 learned steps, lagged", "chebyshev", "lagged"),
    baseline("the best 6 steps of any (a, b), lagged", "best_polynomial", "lagged"),
    baseline("least squares, lagged", "least_squares", "lagged"),
)

# What else the paper names; no figure of theirs is published.
SOLVERS = (
    *(baseline(f"{words}, 6 steps, {known}", name, known) for known in ("lagged", "inclusive")
      for name, words in (("neumann", "Neumann"), ("newton_schulz", "Newton-Schulz"), ("richardson", "Richardson at the best rate"))),
    baseline("Chebyshev, 6 learned steps, inclusive", "chebyshev", "inclusive"),
    baseline("least squares, inclusive", "least_squares", "inclusive"),
)


def learning(title, where, known="published"):
    """A learning curve that is known."""
    return tuple(Check(f"{title}: loss after {step:,} steps{published.said(level, known)}", at_step("test_loss", step), where)
                 for step, level in published.CURVES[title].items())


def compressed(depth):
    bounds = near(1, .005) if depth == 1 else {}
    return (Check(f"{NUMBERS[depth]}: compressed model over trained loss", "compressed_ratio", layers(depth), **bounds),
            Check(f"{NUMBERS[depth]}: the same with 16 numbers a head", "compressed_16_ratio", layers(depth), **bounds),
            Check(f"{NUMBERS[depth]}: share of entries of QK above 1 %", average("sparsity_qk"), layers(depth)),
            Check(f"{NUMBERS[depth]}: share of entries of VP above 1 %", average("sparsity_vp"), layers(depth)))


ONE_LAYER = (
    Check("mean loss", "test_loss", low=.885, high=.905),
    Check("loss over that of the best single step with learned eta and W0", "best_step_ratio", high=1.005),
    Check("share of its predictions that the nearest step explains (R^2)", "nearest_step_r2"),
    Check("eta of that step", "nearest_step_eta"),
    Check("effective eta in the weights", "compression_eta", **near(.0334, .05)),
    Check("size of W0 of that step (1: a rotation)", "nearest_step_w0_size"),
    *compressed(1),
)

MESA, LINEAR = {"model__layers": "mesa*"}, {"model__layers": "linear*"}
CURVES = ("test_loss", "position_loss")
PROBES = ("sequence_probe_r2", "condition_preconditioned", "condition_number")
COMPRESSION = ("compression_loss", "compressed_ratio", "compressed_16_ratio", "compression_qk", "compression_vp")
TRAINING = ("snapshot_trained_loss", "snapshot_compressed_loss", "snapshot_compressed_16_loss", "snapshot_eta")


def depth_checks():
    bounds = {1: {"low": .885, "high": .905}, 2: {"high": .465}, 4: {"high": .255}, 6: {"high": .245}}
    losses = [Check(f"{NUMBERS[depth]}: mean loss", "test_loss", layers(depth), **bounds[depth]) for depth in bounds]
    known = [Check(f"{NUMBERS[depth]}: R^2 of the next state at token 20, last layer less input", gain("next", 20), layers(depth), low=0)
             for depth in bounds]
    return (*losses, *BASELINES, *known, *(check for depth in (1, 2, 4, 6) for check in compressed(depth)))


def rate_checks():
    def reached(depth, rate, step, **bounds):
        return Check(f"{NUMBERS[depth]}, rate {rate:g}: loss after {step:,} steps", at_step("test_loss", step),
                     layers(depth, {"train__rate": rate}), **bounds)

    return (reached(2, 1e-4, 5000, high=.465), reached(2, 1e-4, 15000), reached(2, 3e-4, 15000), reached(2, 1e-3, 15000),
            reached(4, 3e-4, 5000, high=.245), reached(4, 1e-4, 10000, high=.255), reached(4, 3e-4, 10000), reached(4, 1e-3, 10000),
            reached(6, 1e-4, 8000), reached(6, 3e-4, 8000, high=.225), reached(6, 1e-3, 8000))


def clip_checks():
    seen = {0: .498, 10: .479, 4: .458, 2.5: .447}
    constant = [Check(f"limit {clip:g}: loss after 3,000 steps" if clip else "no limit: loss after 3,000 steps",
                      at_step("test_loss", 3000), {"model__clip": clip, "train__schedule": "constant"}, **near(level, .03))
                for clip, level in seen.items()]
    variant = {"model__clip": 1.5, "train__schedule": "cosine"}
    return (*constant, *learning("limit 1.5, cosine", variant, "to reproduce"),
            Check("limit 1.5, cosine: loss after 2,400 steps", at_step("test_loss", 2400), variant, high=.44))


def iteration_checks():
    for known in ("lagged", "inclusive"):
        learned, rates = ({"model__pairs": known, "model__frozen": frozen} for frozen in ("none", "momentum"))
        yield Check(f"six learned steps, {known} pairs: mean loss, on five sets", sets, learned)
        yield Check(f"six learned steps, {known} pairs: loss over that of the published (a, b)", over_forecast("chebyshev", known), learned,
                    **near(1, .03))
        yield Check(f"six learned steps, {known} pairs: loss over that of the best polynomial", over_forecast("best_polynomial", known),
                    learned, low=1)
        yield Check(f"six learned rates, without b, {known} pairs: loss over that of the published (a, b)",
                    over_forecast("chebyshev", known), rates)


SOFTMAX, HYBRID = {"model__layers": "softmax*"}, {"model__layers": "softmax mesa*"}
SEVEN = layers(7, SOFTMAX)


def ablation(kind, title):
    data = {"task__kind": kind}
    return (Check(f"{title}: mesa layer over one linear layer, mean loss",
                  over({**data, **MESA, "model__depth": 1}, {**data, **LINEAR, "model__depth": 1})),
            Check(f"{title}: six linear layers over one, mean loss",
                  over({**data, **LINEAR, "model__depth": 6}, {**data, **LINEAR, "model__depth": 1}), high=1),
            Check(f"{title}: one linear layer over the best single step", "best_step_ratio",
                  {**data, **LINEAR, "model__depth": 1}),
            Check(f"{title}: size of W0 of the step nearest to one linear layer", "nearest_step_w0_size",
                  {**data, **LINEAR, "model__depth": 1}))


def copying_checks():
    """The first layer, then how much of the last tokens can be read off it."""
    firsts = (("softmax first", SEVEN, {"low": 2}, {"low": .9}), ("softmax before a mesa layer", HYBRID, {}, {}),
              ("mesa first", MESA, {}, {}))
    for title, model, depends, knows in firsts:
        yield Check(f"{title}: dependence on the token before over that on earlier ones", copied, model, **depends)
        yield Check(f"{title}: R^2 of the token before, from layer 1 at token 25", decoded("past_1", 1, 25), model, **knows)
        yield Check(f"{title}: R^2 of the token two before", decoded("past_2", 1, 25), model)
        yield Check(f"{title}: R^2 of the token three before", decoded("past_3", 1, 25), model)


def few_shots(told, levels):
    """Losses of the two published models at some shots; `told`: how each is told what is asked, with the settings for it."""
    for title, model in (("seven softmax layers", SEVEN), ("softmax and mesa", HYBRID)):
        for i, (word, where) in enumerate(told.items()):
            for count, level in levels.items():
                known = published.said(level[i]) if model is SEVEN else ""
                yield Check(f"{title}, {word}: loss at shot {count}{known}", shot(count), {**model, **where})


def few_shot_checks():
    known = {1: (1.68, 1.68), 10: (1.43, 1.16), 20: (1.04, .816), 40: (.861, .676), 60: (.755, .584)}
    one, tokens = {"task__tasks": 1}, {"plain": 0, "EOS": 2}
    levels = few_shots({word: {**one, "model__embedding": 40, "model__eos": eos} for word, eos in tokens.items()}, known)
    scales = [("softmax and mesa", {**HYBRID, "model__embedding": 40})]
    scales += [(f"{NUMBERS[depth]} of width {width}", {**layers(depth, SOFTMAX), "model__embedding": width})
               for depth, width in ((2, 40), (4, 20), (4, 40), (4, 80), (7, 20), (7, 40), (7, 80))]
    return (*levels, *(Check(f"{title}, EOS over plain: loss at shot 40",
                             over(*({**model, **one, "model__eos": tokens[word]} for word in ("EOS", "plain")), shot(40)), high=1)
                       for title, model in scales))


def pages():
    return {
        "paper2-one-layer": Page("One linear layer is one learned step of gradient descent",
                                 (*CURVES, "forecast_loss", "weights", "nearest_step_w0", *COMPRESSION, *TRAINING),
                                 (*ONE_LAYER, *BASELINES, *SOLVERS)),
        "paper2-depth": Page("Deep linear layers precondition the step",
                             (*CURVES, *PROBES, "weights", *COMPRESSION), depth_checks()),
        "paper2-mesa": Page(
            "The mesa layer against one step of gradient descent", (*CURVES, *PROBES, "weights", "compressed_ratio"),
            (*learning("mesa layer", MESA),
             Check("mesa layer: mean loss after 1,500 steps", at_step("test_loss", 1500), MESA, low=.200, high=.210),
             Check("mesa layer: mean loss at the end", "test_loss", MESA, high=.210),
             Check("one-step layer: mean loss at the end", "test_loss", LINEAR, low=.885, high=.905),
             Check("the paper: the mesa layer is better (its loss over the one-step layer's)", over(MESA, LINEAR), high=1),
             Check("a digest of it: the one-step layer is better (the same ratio)", over(MESA, LINEAR), low=1),
             *BASELINES)),
        "paper2-compressed": Page("A handful of numbers a head", (*COMPRESSION, *TRAINING, "weights", "test_loss"),
                                  (Check("one layer: mean loss", "test_loss", layers(1), low=.885, high=.905), *learning("one layer", layers(1)),
                                   *(check for depth in (1, 2, 6) for check in compressed(depth)))),
        "paper2-preconditioners": Page("Iterations that learn their numbers", (*CURVES, "forecast_loss"), tuple(iteration_checks())),
        "paper2-rate-steps": Page("How rate and steps explain the published deep models",
                                  ("test_loss by model.depth", "position_loss", "compressed_ratio"), rate_checks()),
        "paper2-residual-clip": Page("The limit of the residual stream", ("test_loss by train.schedule", "position_loss"),
                                     clip_checks()),
        "paper2-raw-tokens": Page(
            "Raw tokens: softmax transformers, and a mesa layer behind one softmax layer",
            (*CURVES, "forecast_loss", *PROBES, "copy_sensitivity", "sets_position_loss"),
            (Check("seven softmax layers: mean loss, on five sets", sets, SEVEN, **near(published.MODELS["softmax"].mean, .05)),
             Check("softmax and mesa: mean loss, on five sets", sets, HYBRID, **near(published.MODELS["hybrid"].mean, .05)),
             Check("softmax and mesa over seven softmax layers", over(HYBRID, SEVEN), high=1),
             Check("seven softmax layers: R^2 of the next state at token 20, last layer less input", gain("next", 20), SEVEN, low=0),
             Check("seven softmax layers: R^2 of the token before, from layer 1 at token 25", decoded("past_1", 1, 25), SEVEN, low=.9),
             Check("seven softmax layers: dependence on the token before over that on earlier ones", copied, SEVEN, low=2),
             *BASELINES)),
        "paper2-copying": Page(
            "The first layer of raw tokens brings neighbours together",
            ("copy_sensitivity", "snapshot_copy_sensitivity", "sequence_probe_r2", "test_loss"),
            tuple(copying_checks())),
        "paper2-ablations": Page("Contracting dynamics, and one W for all sequences",
                                 (*CURVES, "forecast_loss", *PROBES, "compressed_ratio"),
                                 (*ablation("contracting_dynamics", "contracting"), *ablation("fixed_dynamics", "one W"))),
        "paper2-probes": Page(
            "What layers know", (*PROBES, *CURVES),
            tuple(check for kind, rest in (("linear", LINEAR), ("softmax", SOFTMAX)) for depth in (2, 4, 6) for check in (
                Check(f"{NUMBERS[depth]}, {kind}: R^2 of the next state at token 20, last layer less input",
                      gain("next", 20), layers(depth, rest), low=0),
                Check(f"{NUMBERS[depth]}, {kind}: R^2 of the preconditioned input at token 20, last layer less input",
                      gain("preconditioned", 20), layers(depth, rest), low=0),
                Check(f"{NUMBERS[depth]}, {kind}: condition number at token 20, last layer over input",
                      conditioned(20), layers(depth, rest), high=1)))),
        "paper2-linearisation": Page(
            "Softmax layers that are exchanged for linear ones", ("linearised_loss", "linearised_r2", "linearised_all_loss", *CURVES),
            tuple(Check(f"{size} dimensions, layer {layer}: loss with its linear layer over that of the model", linearised(layer),
                        {"task__dimension": size}, **({"high": 1.1} if size >= 10 and layer > 1 else {}))
                  for size in (5, 10, 20) for layer in (1, 2, 3, 4))),
        "paper2-partially-observed": Page(
            "States that are seen in part", (*CURVES, "forecast_loss", "copy_sensitivity", "sequence_probe_r2", "sets_position_loss"),
            (Check("seven softmax layers: mean loss, on five sets", sets, SEVEN),
             Check("softmax and mesa: mean loss, on five sets", sets, HYBRID),
             Check("least squares on a window of 16, lagged: mean loss", forecast("least_squares_on_window", "lagged")),
             Check("Chebyshev on it, 6 steps, lagged: mean loss", forecast("chebyshev_on_window", "lagged")),
             Check("the best 6 steps on it, lagged: mean loss", forecast("best_polynomial_on_window", "lagged")),
             Check("softmax and mesa over seven softmax layers", over(HYBRID, SEVEN)),
             Check("seven softmax layers: dependence on the token before over that on earlier ones", copied, SEVEN))),
        "paper2-nonlinear": Page(
            "Non-linear dynamics", (*CURVES, "forecast_loss", "copy_sensitivity", "sequence_probe_r2", "sets_position_loss"),
            (Check("seven softmax layers: mean loss, on five sets", sets, SEVEN, **near(.0392, .05)),
             Check("softmax and mesa: mean loss, on five sets", sets, HYBRID, **near(.0375, .05)),
             Check("softmax and mesa over seven softmax layers, on five sets", over(HYBRID, SEVEN, sets), high=1),
             # Of one f, which is drawn once; the published one is not printed.
             Check(f"least squares on states, lagged: mean loss{published.said(.0921)}", forecast("least_squares", "lagged")),
             Check(f"least squares on features, lagged: mean loss{published.said(.0467)}", forecast("least_squares_on_features", "lagged")),
             Check("Chebyshev on features, 6 steps, lagged: mean loss", forecast("chebyshev_on_features", "lagged")),
             Check("the best 6 steps on features, lagged: mean loss", forecast("best_polynomial_on_features", "lagged")),
             Check("seven softmax layers: R^2 of the features at token 20, last layer less input", gain("features", 20), SEVEN, low=0),
             Check("predicting nothing: mean loss", forecast("zero", "inclusive"), **near(.5005, .01)))),
        "paper2-few-shot": Page(
            "Next-token models of long sequences",
            ("test_loss", "position_loss"),
            (Check("seven softmax layers of width 40: mean loss", "test_loss", layers(7, {**SOFTMAX, "model__embedding": 40})),
             Check("softmax and mesa: mean loss", "test_loss", HYBRID))),
        "paper2-few-shot-tuning": Page("Few-shot learning, plain and with a tuned EOS token", ("shot_loss", "sets_position_loss", "test_loss"),
                                       few_shot_checks()),
        "paper2-few-shot-prefix": Page(
            "Few-shot learning behind a tuned prefix", ("shot_loss", "sets_position_loss", "test_loss"),
            tuple(few_shots({"prefix and EOS": {}}, {1: (1.79,), 10: (1.00,), 20: (.723,), 40: (.623,), 60: (.550,)}))),
    }
