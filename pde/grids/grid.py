"""The grid that data live on, and its strides."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float

from pde.system.errors import InputError

Centring = Literal["nodes", "cells"]
Axis = Float[np.ndarray, " _"]

Domain = tuple[float, float] | tuple[float, float, float, float] | tuple[float, float, float, float, float, float]
"""Both ends of each axis."""

AXES = ("x", "y", "z")
"""Names of the axes, in files and in messages."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Coordinates along each of one to three axes, in any length unit, and the domain that they lie in.

    Grids with the same numbers are equal, so that a program compiled for one serves the other.

    Raises:
        InputError: no axis or more than three, an axis of fewer than two points, a coordinate that is not finite
            or not increasing, a domain that does not hold the points, or a periodic axis whose points, equally
            spaced, do not go once around the domain.
    """

    axes: tuple[Axis, ...]
    """Coordinates along axis 1 of a field (x), axis 2 (y) and axis 3 (z)."""
    domain: tuple[float, ...] | None = None
    """Both ends of each axis: x0, x1, y0, y1, z0, z1, as far as there are axes; None if they are not known."""
    periodic: tuple[str, ...] = ()
    """Names of the periodic axes: their ends are the same place, and only one of them may be a point."""

    def __post_init__(self):
        if not 1 <= len(self.axes) <= len(AXES):
            raise InputError(
                f"a grid has one to three axes, not {len(self.axes)}; give their coordinates as a tuple (x, y)"
            )
        for name, axis in zip(AXES, self.axes, strict=False):
            if len(axis) < 2:
                raise InputError(f"coordinate {name} has {len(axis)} points; an axis needs at least 2")
            if not np.all(np.isfinite(axis)) or np.any(np.diff(axis) <= 0):
                raise InputError(f"coordinate {name} must be finite and strictly increasing; sort or mend it")
        if self.domain is not None:
            self._check_domain()
        for name in self.periodic:
            self._check_periodic(name)
        names = [name for name in AXES if name in self.periodic]
        object.__setattr__(self, "periodic", tuple(names))  # so that equal grids have them in the same order

    def _check_domain(self) -> None:
        given = " ".join(f"{end:g}" for end in self.domain or ())
        if len(given.split()) != 2 * len(self.axes):
            raise InputError(f"domain {given} does not fit the axes; give {ends_named(len(self.axes))}")
        for (low, high), axis in zip(self.ends, self.axes, strict=True):
            slack = 1e-5 * (high - low)
            if not low < high or axis[0] < low - slack or axis[-1] > high + slack:
                points = ", ".join(f"{axis[0]:g} to {axis[-1]:g}" for axis in self.axes)
                raise InputError(
                    f"domain {given} does not hold the points ({points}); "
                    f"give {ends_named(len(self.axes))} in the unit of the coordinates"
                )

    def _check_periodic(self, name: str) -> None:
        names = AXES[: len(self.axes)]
        if name not in names:
            raise InputError(f"periodic {name}: the axes are {', '.join(names)}")
        if self.domain is None:
            raise InputError(
                f"periodic {name} needs the domain as well: its period ({ends_named(len(self.axes))})"
            )
        axis, (low, high) = self.axes[names.index(name)], self.ends[names.index(name)]
        steps = np.diff([*axis, axis[0] + high - low])
        if np.ptp(steps) > 1e-3 * steps.mean():
            raise InputError(
                f"periodic {name}: {len(axis)} points from {axis[0]:g} to {axis[-1]:g} are not equally spaced "
                f"around the period {low:g} to {high:g}; leave out the point at the end, which is the first one"
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Grid) and self._values == other._values

    def __hash__(self) -> int:
        return hash(self._values)

    def __str__(self) -> str:
        """Its points along each axis: "48 x 33"."""
        return " x ".join(map(str, self.shape))

    @property
    def _values(self) -> tuple[Any, ...]:
        return *(axis.tobytes() for axis in self.axes), self.domain, self.periodic

    @property
    def x(self) -> Axis:
        """Coordinates along axis 1."""
        return self.axes[0]

    @property
    def y(self) -> Axis:
        """Coordinates along axis 2, where there are two axes or more."""
        return self.axes[1]

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(map(len, self.axes))

    @property
    def ends(self) -> tuple[tuple[float, float], ...]:
        """Both ends of each axis of the domain if it is known, else its outermost points."""
        if self.domain is None:
            return tuple((float(axis[0]), float(axis[-1])) for axis in self.axes)
        return tuple(zip(self.domain[::2], self.domain[1::2], strict=True))

    @property
    def periods(self) -> tuple[float | None, ...]:
        """The period of each axis; None for one that is not periodic."""
        named = zip(AXES, self.ends, strict=False)
        return tuple(high - low if name in self.periodic else None for name, (low, high) in named)

    @property
    def rings(self) -> tuple[bool, ...]:
        """True for each axis that is periodic."""
        return tuple(period is not None for period in self.periods)

    @property
    def spacing(self) -> float:
        """Mean distance of neighbouring points along axis 1."""
        return float(np.diff(self.x).mean())

    @property
    def on_nodes(self) -> bool:
        """True if the points hold both ends of the domain along all axes that are not periodic."""
        return all(held.all() for held, ring in zip(self.holds_borders, self.rings, strict=True) if not ring)

    @property
    def holds_borders(self) -> Bool[np.ndarray, "axis end"]:
        """True for both ends of each axis of the domain on which points lie; a periodic axis has no border."""
        if self.domain is None:
            return np.zeros((len(self.axes), 2), bool)
        longest = max(high - low for low, high in self.ends)
        gaps = [(axis[0] - low, axis[-1] - high) for axis, (low, high) in zip(self.axes, self.ends, strict=True)]
        return (np.abs(gaps) < 1e-5 * longest) & ~np.array(self.rings)[:, None]

    @property
    def equally_spaced(self) -> bool:
        """True if the spacing along each axis is constant to a thousandth of itself."""
        return not any(np.ptp(steps) > 1e-3 * steps.mean() for steps in map(np.diff, self.axes))

    def matches(self, other: "Grid") -> bool:
        """Tell if both grids have the same points, to a thousandth of the spacing."""
        return self.shape == other.shape and all(
            np.allclose(a, b, rtol=0, atol=1e-3 * np.diff(a).min())
            for a, b in zip(self.axes, other.axes, strict=True)
        )

    def stride_to(self, resolution: int) -> int:
        """The stride, from index 0 along all axes, that leaves `resolution` points along axis 1.

        On nodes it keeps all borders: (n-1)/(R-1). Elsewhere it is n/R, or (n-1)/(R-1) if n/R is not whole. It
        divides the points of a periodic axis.

        Raises:
            InputError: no stride does; the message names the possible resolutions.
        """
        choices = self._strides()
        if resolution not in choices:
            known = " ".join(str(r) for r in sorted(choices))
            raise InputError(
                f"resolution {resolution} cannot be strided from the {self} grid; "
                f"choose one of {known}{self._without_border(resolution)}"
            )
        return choices[resolution]

    def _without_border(self, resolution: int) -> str:
        free = replace(self, domain=None, periodic=())
        if resolution not in free._strides():
            return ""
        return " (all keep the border of the domain; without --boundary and --domain this one is possible too)"

    def resolutions(self) -> list[int]:
        """Every resolution along axis 1 that a stride leads to, coarsest first."""
        return sorted(self._strides())

    def _strides(self) -> dict[int, int]:
        height, *others = self.shape
        fewest = 3 if self.on_nodes else 2  # two nodes would hold nothing but the border
        rings = self.rings
        most = min(n // 2 if ring else (n - 1) // (fewest - 1) for n, ring in zip(self.shape, rings, strict=True))

        def fits(stride: int) -> bool:
            remainders = [
                n % stride if ring else (n - 1) % stride for n, ring in zip(others, rings[1:], strict=True)
            ]
            needed = [ring or self.on_nodes for ring in rings[1:]]
            return not any(left for left, must in zip(remainders, needed, strict=True) if must)

        strides = [stride for stride in range(1, most + 1) if fits(stride)]
        whole = {height // s: s for s in strides if height % s == 0}
        if rings[0]:
            return whole
        nodal = {(height - 1) // s + 1: s for s in strides if (height - 1) % s == 0}
        return nodal if self.on_nodes else nodal | whole

    def strided(self, stride: int) -> "Grid":
        return replace(self, axes=tuple(axis[::stride] for axis in self.axes))

    def every(self, stride: int) -> tuple[slice, ...]:
        """The places of the points that a stride keeps: `fields[:, *grid.every(2)]`."""
        return (slice(None, None, stride),) * len(self.axes)

    def of_shape(self, shape: tuple[int, ...]) -> "Grid":
        """Make a grid of this shape with equally spaced points of the same domain: nodes, centres or i/n.

        Raises:
            InputError: this grid is of none of these kinds, so the places of other points are not known.
        """
        if shape == self.shape:
            return self
        margins = self._margins()
        axes = (
            _equally_spaced(low, high, points, *margin)
            for (low, high), points, margin in zip(self.ends, shape, margins, strict=True)
        )
        return replace(self, axes=tuple(axes))

    def of_resolution(self, resolution: int) -> "Grid":
        """Make a grid with `resolution` points along axis 1, and the same density along the others.

        Raises:
            InputError: as for `of_shape`; or points of this spacing along another axis would not fill the domain.
        """
        if resolution == self.shape[0]:
            return self
        margins = self._margins().sum(axis=1)
        cells = np.array(self.shape) - 1 + margins  # along each axis of the domain
        refined = cells * (resolution - 1 + margins[0]) / cells[0]
        points = np.rint(refined + 1 - margins).astype(int)
        if points.min() < 2 or np.abs(points - 1 + margins - refined).max() > 1e-6:
            raise InputError(
                f"resolution {resolution} does not divide all sides of the domain as the {self} grid does; choose "
                "another"
            )
        return self.of_shape(tuple(points.tolist()))

    def _margins(self) -> Float[np.ndarray, "axis end"]:
        """Spacings between the outermost points and the ends of the domain: 0 on nodes, 1/2 at cell centres."""
        gaps = [[axis[0] - low, high - axis[-1]] for axis, (low, high) in zip(self.axes, self.ends, strict=True)]
        margins = np.array(gaps) / np.array([np.diff(axis).mean() for axis in self.axes])[:, None]
        halves = np.rint(2 * margins) / 2
        if self.domain is None or not self.equally_spaced or np.abs(margins - halves).max() > 1e-3:
            raise InputError(
                f"the training grid of {self} points is not of equally spaced nodes or cell centres of a known "
                "domain, so where other points lie is not known; give their grid, or stay on this one"
            )
        return halves

    def to_json(self) -> dict[str, Any]:
        axes = {name: axis.tolist() for name, axis in zip(AXES, self.axes, strict=False)}
        return {**axes, "domain": self.domain, **({"periodic": self.periodic} if self.periodic else {})}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Grid":
        axes = (np.asarray(saved[name], np.float64) for name in AXES if name in saved)
        domain = saved["domain"]
        return cls(tuple(axes), None if domain is None else tuple(domain), tuple(saved.get("periodic", ())))


def ends_named(dimensions: int) -> str:
    """Name the ends of the domain's axes as a user gives them: "x0 x1 y0 y1" for two axes."""
    return " ".join(f"{name}0 {name}1" for name in AXES[:dimensions])


def _equally_spaced(low: float, high: float, points: int, before: float, after: float) -> Axis:
    """Points between two ends; the distances of the outermost points from the ends are given in spacings."""
    spacing = (high - low) / (points - 1 + before + after)
    return np.linspace(low + before * spacing, high - after * spacing, points)
