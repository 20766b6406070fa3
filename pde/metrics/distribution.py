"""The distribution of errors over samples: uncertainty of the mean, percentiles, and the worst samples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

PERCENTILES = (50, 90, 99)
RESAMPLES = 2000
_WORST = 5

Values = Float[np.ndarray, " sample"]


def distribution(errors: Values) -> dict[str, Any]:
    """{"interval": (low, high), "percentiles": {"50", "90", "99", "worst"}, "worst": [{"sample", "error"}]}.

    Percentiles are over samples, interpolated linearly; the five worst samples come with their numbers in the
    file, the worst first.
    """
    percentiles = dict(zip(map(str, PERCENTILES), _percentiles(errors, PERCENTILES), strict=True))
    worst = np.argsort(-np.nan_to_num(errors, nan=np.inf), kind="stable")[:_WORST]  # NaN is the worst
    return {
        "interval": bootstrap_interval(errors),
        "percentiles": percentiles | {"worst": float(errors.max())},
        "worst": [{"sample": int(i), "error": float(errors[i])} for i in worst],
    }


def bootstrap_interval(values: Values) -> tuple[float, float]:
    """95 % interval of the mean over samples, by the percentile bootstrap with a fixed seed.

    It says how far another draw of test samples might move the mean, and nothing about another training run.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    generator, n = np.random.default_rng(0), len(values)
    means = [values[generator.integers(n, size=n)].mean(dtype=np.float64) for _ in range(RESAMPLES)]
    low, high = _percentiles(np.asarray(means), (2.5, 97.5))
    return low, high


def _percentiles(values: Values, wanted: Sequence[float | int]) -> list[float]:
    """Percentiles, interpolated linearly unless an error is infinite because it is too large for float32."""
    method = "higher" if np.isinf(values).any() else "linear"
    return np.percentile(values, wanted, method=method).tolist()
