"""Sines on a grid of equally spaced nodes: the eigenvectors of the five-point scheme with zeros on the border.

An equation whose left side is a function of -Laplace u is solved by a sine transform along each axis, a division
by that function of the eigenvalues, and the transforms back.
"""

import numpy as np
from jaxtyping import Float, Shaped
from scipy.fft import dstn

from pde.grids.grid import Grid
from pde.solvers.checks import check_spacing


def in_sines(inner: Shaped[np.ndarray, "*samples height width"]) -> Float[np.ndarray, "*samples height width"]:
    """The sine transform of fields on inner nodes, float64; it is orthonormal and its own inverse."""
    return np.asarray(dstn(inner.astype(np.float64), type=1, norm="ortho", axes=(-2, -1)))


def laplace_eigenvalues(grid: Grid) -> Float[np.ndarray, "height width"]:
    """The eigenvalues of -Laplace by five points, one for each product of sines on the inner nodes.

    Raises:
        InputError: a grid that does not hold its borders or is not equally spaced.
    """
    along_x, along_y = (
        (2 / h * np.sin(np.pi / 2 * np.arange(1, n - 1) / (n - 1))) ** 2
        for n, h in zip(grid.shape, check_spacing(grid), strict=True)
    )
    return along_x[:, None] + along_y[None, :]
