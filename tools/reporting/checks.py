"""A claim as a number between two bounds, and how it is judged."""

import dataclasses

import numpy

from . import statistics


def final(column, rows):
    """Values of a column, of a curve those at the end of each run: curves differ in length."""
    found = column.of(rows)
    if found.ndim != 2:
        return found
    ends = [int(numpy.argmax(column.axes[0].of([row]))) if column.axes[0].steps is not None else -1 for row in rows]
    return found[numpy.arange(len(rows)), ends] if len(rows) else numpy.empty(0)


EVALUATED = {"test_loss": "test_loss_error"}  # column: its standard error over the evaluation set of a run


def evaluated(column, sweep, rows):
    """Standard error of the last value of a column over the evaluation sets of these runs, the largest; NaN: none is known."""
    error = EVALUATED.get(column)
    return numpy.nanmax(sweep.columns[error].of(rows)) if error in sweep.columns and len(rows) else numpy.nan


@dataclasses.dataclass
class Check:
    """Mean of a figure over runs with the settings `where`, between `low` and `high`."""

    claim: str
    figure: object  # name of a column (of a curve its last value), or a function (sweep, rows) -> values
    where: dict = dataclasses.field(default_factory=dict)
    low: float = -numpy.inf
    high: float = numpy.inf

    @property
    def open(self):
        """Without a bound: what is found is the answer."""
        return numpy.isinf(self.low) and numpy.isinf(self.high)

    @property
    def expected(self):
        if self.open:
            return ""
        if numpy.isinf(self.low):
            return f"at most {self.high:g}"
        if numpy.isinf(self.high):
            return f"at least {self.low:g}"
        return f"{self.low:g} to {self.high:g}"

    def values(self, sweep):
        rows = sweep.rows(**self.where)
        if callable(self.figure):
            found = self.figure(sweep, rows)
        elif self.figure in sweep.columns:
            found = final(sweep.columns[self.figure], rows)
        else:
            return numpy.empty(0)
        return found[numpy.isfinite(found)]

    def half_width(self, sweep, values):
        """Of the 95 % interval: over runs, of a single value over its evaluation set; NaN when that has none. A function
        that knows the standard error of its value has it as `error`, of the same arguments."""
        if values.size > 1:
            return statistics.half_width(values)
        rows = sweep.rows(**self.where)
        if callable(self.figure):
            return statistics.NORMAL * getattr(self.figure, "error", lambda *_: numpy.nan)(sweep, rows)
        return statistics.NORMAL * evaluated(self.figure, sweep, rows)


@dataclasses.dataclass
class Finding:
    check: Check
    found: float
    half_width: float
    count: int
    quick: bool = False

    @property
    def verdict(self):
        """yes, no, open (outside, but not by more than the interval), found (no bound, or quick runs, of which nothing
        is expected), or that nothing was run."""
        if not self.count:
            return "not run"
        if self.check.open or self.quick:
            return "found"
        if self.check.low <= self.found <= self.check.high:
            return "yes"
        reach = 0 if numpy.isnan(self.half_width) else self.half_width
        inside = self.found + reach >= self.check.low and self.found - reach <= self.check.high
        return "open" if inside else "no"


def judge(check, sweep):
    values = check.values(sweep)
    if not values.size:
        return Finding(check, numpy.nan, numpy.nan, 0)
    return Finding(check, float(statistics.mean(values)), float(check.half_width(sweep, values)), values.size, sweep.quick)


@dataclasses.dataclass
class Page:
    """Of one sweep: what it is about, which columns are drawn, what is checked."""

    title: str
    figures: tuple
    checks: tuple = ()
