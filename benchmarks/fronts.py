"""Fronts of error against time: the least time at which a scheme reaches an error.

A row is the result of one scheme: `relative_l2`, `milliseconds`, whether it is `trained`, and the `measures` in
which its error counts.
"""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

Row = dict[str, Any]
CONVERGED = 1e-6
"""Relative L2 at which a scheme is as good as the data."""


def fastest(rows: Iterable[Row], error: float, *, trained: bool) -> Row | None:
    """Return the row of least time among the plain or the trained ones of at most an error."""
    reached = (row for row in rows if row["trained"] == trained and row["relative_l2"] <= error)
    return min(reached, key=lambda row: row["milliseconds"], default=None)


def finalists(rows: Sequence[Row], measure: str, most: int) -> list[int]:
    """Return the numbers of at most so many rows, the nearest to a measure's fronts, plain and trained.

    None takes longer than the fastest plain scheme that has converged.
    """
    chosen = [row for row in rows if measure in row["measures"]]
    longest = _least(chosen, CONVERGED, False)
    distances = {
        number: row["milliseconds"] / _least(chosen, row["relative_l2"], row["trained"])
        for number, row in enumerate(rows)
        if measure in row["measures"] and row["milliseconds"] <= longest
    }
    return sorted(distances, key=lambda number: distances[number])[:most]


def ahead(rows: Sequence[Row]) -> list[dict[str, float]]:
    """Intervals of errors in which the fastest trained operator is faster than the fastest plain scheme.

    `gain` is the smallest ratio of their times in the interval.
    """
    errors = sorted({row["relative_l2"] for row in rows}, reverse=True)
    found: list[dict[str, float]] = []
    joined = False
    for upper, lower in itertools.pairwise([*errors, 0.0]):
        # Whoever asks for an error between the two needs a scheme of at most the lower one.
        fast, plain = (_least(rows, lower, kind) for kind in (True, False))
        gain = plain / fast
        if gain > 1 and joined:
            found[-1] |= {"to": lower, "gain": min(gain, found[-1]["gain"])}
        elif gain > 1:
            found.append({"from": upper, "to": lower, "gain": gain})
        joined = gain > 1
    return [{**each, "factor": each["from"] / max(each["to"], errors[-1])} for each in found]


def _least(rows: Iterable[Row], error: float, trained: bool) -> float:
    row = fastest(rows, error, trained=trained)
    return float("inf") if row is None else row["milliseconds"]
