"""Errors that papers report on the 421 x 421 Darcy sets of Li et al. (arXiv 2010.08895), strided."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    """Errors of an operator. Those of HANO and FNO are the ones that later papers report of them."""

    name: str
    paper: str
    """The operator's paper, by its number on arXiv."""
    relative_l2: float
    relative_h1: float | None = None

    @property
    def errors(self) -> dict[str, float]:
        """Return the errors by metric."""
        found = {"relative_l2": self.relative_l2, "relative_h1": self.relative_h1}
        return {metric: error for metric, error in found.items() if error is not None}


RECORDS = {
    85: (
        Record("LaMO", "2505.19105", 0.0039),
        Record("LRSA", "2604.03582", 0.0043),
        Record("Transolver", "2402.02366", 0.0057),
        Record("FNO", "2010.08895", 0.0108),
    ),
    211: (
        Record("MgNO", "2310.19809", 0.0017, 0.0058),
        Record("HANO-L", "2210.10890", 0.0029, 0.0082),
        Record("FNO", "2010.08895", 0.0071, 0.031),
    ),
}
"""By points a side, the least first."""
