"""The schemes of the front, each with its program: plain solvers, and trained operators."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, get_args

import numpy as np
from jaxtyping import Float

from benchmarks.accuracy import schemes
from benchmarks.accuracy.schemes import Scheme, compiled
from pde.equations.darcy.coarse_nodes import CoarseFaces
from pde.grids.grid import Grid
from pde.surrogates.surrogate import Surrogate

LEARNED_AT = (16, 22, 31, 43, 61, 85, 141)
"""Points a side of the grids of learned coarse equations."""
MEASURES = ("own nodes", "all nodes")
TOLERANCES = (0.3, 0.1, 0.01, 1e-10)
Call = Callable[[Float[np.ndarray, "height width"]], Float[np.ndarray, "rows columns"]]


class Entry(NamedTuple):
    """One scheme that gives a solution on some nodes: its names, and its program."""

    family: str
    nodes: int
    carried_by: str
    """How the solution reaches all nodes; empty if it stays on the scheme's own."""
    measures: tuple[str, ...]
    """Where its error counts; at a fine scheme's own nodes and at all nodes it is the same."""
    trained: bool
    call: Call


class Trained(NamedTuple):
    """A run, the seconds of its training, and the grids that it is measured on."""

    surrogate: Surrogate
    seconds: float
    grids: Sequence[int]


def plain(fine: Grid) -> Iterator[Entry]:
    """Schemes that take no training."""
    for nodes in fine.resolutions():
        stride = fine.stride_to(nodes)
        if stride == 1 or nodes < min(LEARNED_AT):
            continue
        for faces in get_args(CoarseFaces):
            scheme = schemes.coarse(fine, stride, faces)
            only = ("", "splines") if faces == "mean" else ("",)
            yield from entries(faces, nodes, scheme, fine, stride, trained=False, only=only)
        by_rows = schemes.by_rows(fine, stride)
        yield from entries("upscaled, sums by rows", nodes, by_rows, fine, stride, trained=False)
        coarser = (nodes + 1) // 2
        if coarser in fine.resolutions() and coarser >= min(LEARNED_AT):
            scheme = schemes.extrapolated(fine, stride)
            yield from entries("extrapolated", coarser, scheme, fine, 2 * stride, trained=False)
    for tolerance in TOLERANCES:
        for precision in ("double", "single"):
            call = compiled(schemes.multigrid(fine, tolerance, precision))
            name = f"multigrid to {tolerance:g}, {precision}"
            yield Entry(name, fine.shape[0], "", MEASURES, False, call)
    yield Entry("SuperLU", fine.shape[0], "", MEASURES, False, schemes.superlu(fine))


def operators(fine: Grid, runs: dict[str, Trained]) -> Iterator[Entry]:
    for name, run in runs.items():
        for nodes in run.grids:
            stride = fine.stride_to(nodes)
            scheme = schemes.operator(run.surrogate, fine, stride)
            yield from entries(name, nodes, scheme, fine, stride, trained=True)


def entries(
    family: str,
    nodes: int,
    scheme: Scheme,
    fine: Grid,
    stride: int,
    *,
    trained: bool,
    only: Iterable[str] = ("", "splines", "relaxation", "multigrid"),
) -> Iterator[Entry]:
    """A coarse scheme at its own nodes, and by each interpolation on all nodes."""
    programs = {
        "": scheme,
        "splines": schemes.by_splines(scheme, fine, stride),
        "relaxation": schemes.by_relaxation(scheme, fine, stride),
        "multigrid": schemes.by_multigrid(scheme, fine, stride, 1.0),
    }
    for name in only:
        yield Entry(family, nodes, name, (MEASURES[bool(name)],), trained, compiled(programs[name]))
