"""-div(a grad u) + c u = f on a rectangle or box with u = g on its border, for any coefficients, source and g."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from pde.grids.grid import Centring
from pde.solvers.conductances import Conductances, Faces, conductances, divergence, inside, surrounded
from pde.solvers.conjugate_gradients import Precision, Solve, solve_system
from pde.system.errors import InputError


def solve(
    coefficient: Float[Array, "*points"],
    source: Float[Array, "*points"],
    *,
    spacing: tuple[float, ...],
    rings: Sequence[bool] | None = None,
    reaction: Float[Array, "*points"] | None = None,
    border: Float[Array, "*border_points"] | None = None,
    guess: Float[Array, "*points"] | None = None,
    faces: Faces = "arithmetic",
    centring: Centring = "nodes",
    tolerance: float = 1e-10,
    max_iterations: int = 200,
    precision: Precision = "double",
) -> Solve:
    """The finite-difference solution on two or three axes.

    It is in float64, for arguments of any type, whether or not x64 is enabled.

    It can be jitted, mapped by vmap and differentiated, forward and reverse, with respect to coefficient, source,
    reaction and border. On a CPU the samples of a batch are solved fastest one by one, each on its own thread.

    Fields whose jumps the grid does not resolve take more iterations: harmonic faces between points that are 1 or
    1e3 at random take 67, and from 1e6 on the solve does not converge. Cells twice as long as wide take 16 to 19.

    Args:
        coefficient: a > 0 on all nodes, border included, or on all cells.
        source: f at the same points; on nodes its border values are not used.
        spacing: distance of neighbouring points along each axis.
        rings: True for each axis that is periodic; by default none is. Around a periodic axis lies an even number
            of points, the one at the end not repeated. Where all axes are periodic, the reaction has to be
            positive somewhere: without one, u is known up to a constant only.
        reaction: c >= 0 at the same points, by default zero; on nodes its border values are not used.
        border: g; by default zero. On nodes it is an array of the coefficient's shape, of which only the border is
            used; on cells it has one more point at each end of each axis, for the midpoints of the border's faces.
            Along a periodic axis it has the points of the coefficient.
        guess: start of the iteration, at the same points; on nodes its border values are not used. A good guess
            saves iterations; if its error in the energy norm is larger than that of zero, the solve starts from
            zero. Derivatives with respect to it are zero.
        faces: mean of the two coefficients beside a face.
        centring: kind of the points; `pde.solvers.conductances` has the scheme.
        tolerance: relative residual ||f - A u|| / ||f|| to reach, border values on the right-hand side.
        max_iterations: limit at which to give up; the solution is then NaN and `converged` False.
        precision: "single" iterates in float32 and corrects the residual in float64, for hardware whose float64
            is slow; contrasts of 1e6 with sharp jumps then take several times the iterations.

    Raises:
        InputError: another number of axes or of spacings, an odd number of points around a periodic axis, or a
            wholly periodic grid without a reaction.
    """
    rings = (False,) * coefficient.ndim if rings is None else tuple(rings)
    if coefficient.ndim not in (2, 3) or len(spacing) != coefficient.ndim:
        raise InputError(
            f"the solver takes two or three axes, each with its spacing; the coefficient has {coefficient.ndim}, "
            f"and there are {len(spacing)} spacings"
        )
    _check_rings(coefficient.shape, rings, reaction is not None)
    with jax.enable_x64(True):
        coefficient, source = (jnp.asarray(field, jnp.float64) for field in (coefficient, source))
        c = conductances(coefficient, spacing, faces=faces, centring=centring, rings=rings)
        nodes = centring == "nodes"
        if reaction is not None:
            reaction = jnp.asarray(reaction, jnp.float64)
            c = c._replace(ground=inside(reaction, rings) if nodes else reaction)
        options = {"tolerance": tolerance, "max_iterations": max_iterations, "precision": precision}
        if guess is not None:
            guess = jnp.asarray(guess, jnp.float64)
            options["guess"] = inside(guess, rings) if nodes else guess
        if border is not None:
            border = jnp.asarray(border, jnp.float64)
        solved = solve_scheme(c, inside(source, rings) if nodes else source, border=border, **options)
        return solved if nodes else solved._replace(solution=inside(solved.solution, rings))


def _check_rings(shape: tuple[int, ...], rings: tuple[bool, ...], reaction: bool) -> None:
    for axis, (points, ring) in enumerate(zip(shape, rings, strict=True)):
        if ring and points % 2:
            raise InputError(
                f"{points} points around periodic axis {axis + 1}: the solver needs an even number; choose "
                f"{points - 1} or {points + 1}"
            )
    if all(rings) and not reaction:
        raise InputError(
            "all axes are periodic and there is no reaction c u, so that u is known up to a constant only; give a "
            "reaction"
        )


def solve_scheme(
    c: Conductances,
    right: Float[Array, "*unknowns"],
    *,
    border: Float[Array, "*points"] | None = None,
    guess: Float[Array, "*unknowns"] | None = None,
    tolerance: float = 1e-10,
    max_iterations: int = 200,
    precision: Precision = "double",
) -> Solve:
    """The solution of a scheme of nearest neighbours with its border, in float64 (with x64 enabled).

    Args:
        c: conductances of the scheme.
        right: right-hand side f at the unknowns.
        border: g; an array with one more point than the unknowns at both ends of each axis that is not
            periodic, of which only the border is used. By default zero.
        guess: start of the iteration, at the unknowns.
        tolerance, max_iterations, precision: as in `solve`.
    """
    unknown = surrounded(jnp.ones_like(right), c.rings) > 0
    known = None if border is None else jnp.where(unknown, 0.0, border)
    if known is not None:
        right = right - divergence(c, known)
    solved = solve_system(
        c, right, tolerance=tolerance, max_iterations=max_iterations, precision=precision, guess=guess
    )
    solution = surrounded(solved.solution, c.rings)
    return solved._replace(solution=solution if known is None else solution + known)
