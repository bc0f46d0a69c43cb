"""What paper 2 (arXiv 2309.05858) has in numbers, to be seen beside what is found; nothing is tuned to it."""

import dataclasses

TOKENS = (1, 2, 3, 5, 10, 15, 20, 30, 40, 50)  # whose losses are known


@dataclasses.dataclass
class Level:
    """Loss of a model, or of an algorithm, on the sequences of DATA."""

    words: str
    mean: float  # over the tokens
    losses: tuple = ()  # at TOKENS
    where: dict = dataclasses.field(default_factory=dict)  # settings of a model


DATA = {"task.kind": "linear_dynamics", "task.dimension": 10, "task.context": 50, "task.input_range": 2.0, "task.noise": .01}
TRAINED = {**DATA, "model.kind": "transformer"}
MADE, RAW = {**TRAINED, "tokens.kind": "constructed"}, {**TRAINED, "tokens.kind": "raw"}


def linear(depth):
    return {**MADE, "model.layers": "linear*", "model.depth": depth}


MODELS = {
    "linear 1": Level("one layer", .894, (1.675, 1.644, 1.600, 1.514, 1.265, 1.026, .835, .614, .601, .787), linear(1)),
    "linear 2": Level("two layers", .430, (1.676, 1.566, 1.445, 1.233, .742, .426, .275, .158, .143, .242), linear(2)),
    "linear 6": Level("six layers", .216, (1.675, 1.516, 1.346, 1.038, .308, .0511, .0230, .0112, .0093, .0093), linear(6)),
    "mesa": Level("mesa layer", .190, where={**MADE, "model.layers": "mesa*", "model.depth": 1}),
    "softmax": Level("seven softmax layers", .230, (1.723, 1.632, 1.477, 1.146, .301, .0486, .0255, .0154, .0131, .0118),
                     {**RAW, "model.layers": "softmax*", "model.depth": 7}),
    "hybrid": Level("softmax and mesa", .198, (1.851, 1.574, 1.368, 1.030, .198, .0115, .0058, .0030, .0023, .0023),
                    {**RAW, "model.layers": "softmax mesa*", "model.depth": 2}),
}

ALGORITHMS = {  # points of the axes of forecast_loss
    ("gradient_descent", "inclusive"):
        Level("one step of GD", .900, (1.675, 1.640, 1.598, 1.515, 1.272, 1.040, .852, .630, .600, .775)),
    ("chebyshev", "lagged"):
        Level("Chebyshev", .234, (1.675, 1.675, 1.483, 1.148, .322, .0484, .0263, .0174, .0147, .0137)),
    ("least_squares", "lagged"):
        Level("least squares", .211, (1.675, 1.675, 1.477, 1.147, .267, .0014, .0009, .0007, .0006, .0006)),
}

CURVES = {  # in the words of the claims: step of the training -> loss; the last of another implementation
    "mesa layer": {200: .485, 300: .305, 400: .266, 4400: MODELS["mesa"].mean},
    "one layer": {200: 1.341, 300: .979, 600: .903, 3400: .8924},
    "limit 1.5, cosine": {300: 1.343, 500: .752, 1000: .447},
}


def has(sweep, rows, where):
    """Whether all these runs have these settings, in so many words."""
    return all(str(sweep.setting(key, row)) == str(value) for row in rows for key, value in where.items())


def model(sweep, rows):
    """The published model that these runs are, or None."""
    return next((level for level in MODELS.values() if has(sweep, rows, level.where)), None)


def algorithm(sweep, rows, *point):
    """What is published of a point of forecast_loss where these runs have the published data, or None."""
    return ALGORITHMS.get(point) if has(sweep, rows, DATA) else None


def said(level, known="published"):
    """Behind the claim of a check without bounds."""
    return f" ({known}: {level})"
