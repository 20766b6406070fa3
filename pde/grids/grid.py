"""The grid that data live on, and its strides."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float

from pde.system.errors import InputError

Boundary = Literal["zero", "unknown"]
Centring = Literal["nodes", "cells"]


@dataclass(frozen=True, eq=False)
class Grid:
    """Coordinates of axis 1 (x) and axis 2 (y) in any length unit, and what is known of the border.

    Grids with the same numbers are equal, so that a program compiled for one serves the other.

    Raises:
        InputError: an axis of fewer than two points, a coordinate that is not finite or not increasing, a domain
            that does not hold the points, or a zero border without a domain.
    """

    x: Float[np.ndarray, " height"]
    y: Float[np.ndarray, " width"]
    boundary: Boundary = "unknown"
    """Knowledge of the border: "zero" if the solution vanishes there."""
    domain: tuple[float, float, float, float] | None = None
    """x0, x1, y0, y1; None if it is not known."""

    def __post_init__(self):
        for name, axis in (("x", self.x), ("y", self.y)):
            if len(axis) < 2:
                raise InputError(f"coordinate {name} has {len(axis)} points; an axis needs at least 2")
            if not np.all(np.isfinite(axis)) or np.any(np.diff(axis) <= 0):
                raise InputError(f"coordinate {name} must be finite and strictly increasing; sort or mend it")
        if self.domain is not None:
            x0, x1, y0, y1 = self.domain
            for low, high, axis in ((x0, x1, self.x), (y0, y1, self.y)):
                slack = 1e-5 * (high - low)
                if not low < high or axis[0] < low - slack or axis[-1] > high + slack:
                    raise InputError(
                        f"domain {x0:g} {x1:g} {y0:g} {y1:g} does not hold the points "
                        f"({self.x[0]:g} to {self.x[-1]:g}, {self.y[0]:g} to {self.y[-1]:g}); "
                        "give x0 x1 y0 y1 in the unit of the coordinates"
                    )
        elif self.boundary == "zero":
            raise InputError("boundary zero needs the domain as well: where the border lies (x0 x1 y0 y1)")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Grid) and self._values == other._values

    def __hash__(self) -> int:
        return hash(self._values)

    @property
    def _values(self) -> tuple[Any, ...]:
        return self.x.tobytes(), self.y.tobytes(), self.boundary, self.domain

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.x), len(self.y)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """The domain if it is known, else the bounding box of the points."""
        return self.domain or (float(self.x[0]), float(self.x[-1]), float(self.y[0]), float(self.y[-1]))

    @property
    def spacing(self) -> float:
        """Mean distance of neighbouring points along axis 1."""
        return float(np.diff(self.x).mean())

    @property
    def on_nodes(self) -> bool:
        """True if the points hold both ends of the domain along both axes."""
        return bool(self.holds_borders.all())

    @property
    def holds_borders(self) -> Bool[np.ndarray, "4"]:
        """True for each border of the domain, x0, x1, y0 and y1, on which points lie."""
        if self.domain is None:
            return np.zeros(4, bool)
        x0, x1, y0, y1 = self.domain
        ends = (self.x[0] - x0, self.x[-1] - x1, self.y[0] - y0, self.y[-1] - y1)
        return np.abs(ends) < 1e-5 * max(x1 - x0, y1 - y0)

    @property
    def equally_spaced(self) -> bool:
        """True if the spacing along each axis is constant to a thousandth of itself."""
        return not any(np.ptp(steps) > 1e-3 * steps.mean() for steps in (np.diff(self.x), np.diff(self.y)))

    def matches(self, other: "Grid") -> bool:
        """Tell if both grids have the same points, to a thousandth of the spacing."""
        return self.shape == other.shape and all(
            np.allclose(a, b, rtol=0, atol=1e-3 * np.diff(a).min())
            for a, b in ((self.x, other.x), (self.y, other.y))
        )

    def stride_to(self, resolution: int) -> int:
        """The stride, from index 0 along both axes, that leaves `resolution` points along axis 1.

        On nodes it keeps both borders: (n-1)/(R-1). Elsewhere it is n/R, or (n-1)/(R-1) if n/R is not whole.

        Raises:
            InputError: no stride does; the message names the possible resolutions.
        """
        choices = self._strides()
        if resolution not in choices:
            known = " ".join(str(r) for r in sorted(choices))
            raise InputError(
                f"resolution {resolution} cannot be strided from the {self.shape[0]} x {self.shape[1]} grid; "
                f"choose one of {known}{self._without_border(resolution)}"
            )
        return choices[resolution]

    def _without_border(self, resolution: int) -> str:
        free = replace(self, boundary="unknown", domain=None)
        if resolution not in free._strides():
            return ""
        return " (all keep the border of the domain; without --boundary and --domain this one is possible too)"

    def resolutions(self) -> list[int]:
        """Every resolution along axis 1 that a stride leads to, coarsest first."""
        return sorted(self._strides())

    def _strides(self) -> dict[int, int]:
        height, width = self.shape
        fewest = 3 if self.on_nodes else 2  # two nodes would hold nothing but the border
        strides = range(1, (min(height, width) - 1) // (fewest - 1) + 1)
        nodal = {(height - 1) // s + 1: s for s in strides if (height - 1) % s == 0}
        if self.on_nodes:
            return {resolution: s for resolution, s in nodal.items() if (width - 1) % s == 0}
        return nodal | {height // s: s for s in strides if height % s == 0}

    def strided(self, stride: int) -> "Grid":
        return replace(self, x=self.x[::stride], y=self.y[::stride])

    def of_shape(self, shape: tuple[int, int]) -> "Grid":
        """Make a grid of this shape with equally spaced points of the same domain: nodes, centres or i/n.

        Raises:
            InputError: this grid is of none of these kinds, so the places of other points are not known.
        """
        if shape == self.shape:
            return self
        (x0, x1, y0, y1), margins = self.extent, self._margins()
        x, y = (
            _equally_spaced(low, high, points, *margin)
            for low, high, points, margin in zip((x0, y0), (x1, y1), shape, margins, strict=True)
        )
        return replace(self, x=x, y=y)

    def of_resolution(self, resolution: int) -> "Grid":
        """Make a grid with `resolution` points along axis 1, and the same density along axis 2.

        Raises:
            InputError: as for `of_shape`; or points of this spacing along axis 2 would not fill the domain.
        """
        if resolution == self.shape[0]:
            return self
        margins = self._margins().sum(axis=1)
        cells = np.array(self.shape) - 1 + margins  # along each axis of the domain
        refined = cells[1] * (resolution - 1 + margins[0]) / cells[0]
        width = round(refined + 1 - margins[1])
        if resolution < 2 or width < 2 or abs(width - 1 + margins[1] - refined) > 1e-6:
            raise InputError(
                f"resolution {resolution} does not divide both sides of the domain as the {self.shape[0]} x "
                f"{self.shape[1]} grid does; choose another"
            )
        return self.of_shape((resolution, width))

    def _margins(self) -> Float[np.ndarray, "axis end"]:
        """Spacings between the outermost points and the ends of the domain: 0 on nodes, 1/2 at cell centres."""
        (x0, x1, y0, y1), spacings = self.extent, [np.diff(axis).mean() for axis in (self.x, self.y)]
        gaps = [[self.x[0] - x0, x1 - self.x[-1]], [self.y[0] - y0, y1 - self.y[-1]]]
        margins = np.array(gaps) / np.array(spacings)[:, None]
        halves = np.rint(2 * margins) / 2
        if self.domain is None or not self.equally_spaced or np.abs(margins - halves).max() > 1e-3:
            raise InputError(
                f"the training grid of {self.shape[0]} x {self.shape[1]} points is not of equally spaced nodes or "
                "cell centres of a known domain, so where other points lie is not known; give their grid, or stay "
                "on this one"
            )
        return halves

    def to_json(self) -> dict[str, Any]:
        return {"x": self.x.tolist(), "y": self.y.tolist(), "boundary": self.boundary, "domain": self.domain}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Grid":
        domain = saved["domain"]
        return cls(
            np.asarray(saved["x"], np.float64),
            np.asarray(saved["y"], np.float64),
            saved["boundary"],
            None if domain is None else tuple(domain),
        )


def _equally_spaced(
    low: float, high: float, points: int, before: float, after: float
) -> Float[np.ndarray, " points"]:
    """Points between two ends; the distances of the outermost points from the ends are given in spacings."""
    spacing = (high - low) / (points - 1 + before + after)
    return np.linspace(low + before * spacing, high - after * spacing, points)
