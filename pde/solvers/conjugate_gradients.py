"""A scheme of nearest neighbours solved by conjugate gradients with a multigrid cycle as the preconditioner.

Black nodes are eliminated exactly, which leaves (1 - W W^T) red = right for half the unknowns, scaled to a unit
diagonal (`pde.solvers.red_black`). The cycle runs in float32 at any precision of the iteration: a preconditioner
need not be exact. Outside the iteration the residual is recomputed in float64 and, if it is not small enough,
solved for again, so the reported residual is that of the solution itself and not that of the recursion.
"""

from functools import partial, reduce
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float, Int

from manojax.xla_cpu import stored
from pde.solvers.conductances import Conductances, apply
from pde.solvers.multigrid import Hierarchy, build, cycle
from pde.solvers.red_black import (
    Colour,
    Coupling,
    Parts,
    add,
    colours,
    couplings,
    fill,
    inverse_root_diagonal,
    join,
    split,
    to_black,
    to_red,
    together,
    with_border,
)

Precision = Literal["double", "single"]
Field = Float[Array, "*unknowns"]

# Pyright takes it for a function that does not return.
_linear_solve: Any = jax.lax.custom_linear_solve

# Reduction that one run of the iteration can reach before rounding separates its residual from the true one.
_GAIN = {"double": 1e-14, "single": 1e-4}


class Solve(NamedTuple):
    """A solution with its relative residual ||f - A u|| / ||f||, computed from the solution itself.

    A solution that did not converge is NaN everywhere.
    """

    solution: Float[Array, "..."]
    residual: Float[Array, ""]
    iterations: Int[Array, ""]
    converged: Bool[Array, ""]


class System(NamedTuple):
    """The scaled red-black system in working precision, and its preconditioner."""

    scale: Parts
    coupling: Coupling
    hierarchy: Hierarchy


class Iteration(NamedTuple):
    """The state of conjugate gradients on the red nodes."""

    red: Colour
    residual: Colour
    direction: Colour
    slope: Array
    norm: Array
    iterations: Array


def solve_system(
    c: Conductances,
    right: Field,
    *,
    tolerance: float,
    max_iterations: int,
    precision: Precision,
    guess: Field | None = None,
) -> Solve:
    """Solve sum_j c_ij (u_i - u_j) + c_i u_i = right_i with u = 0 on the border, in float64.

    The iteration starts from a guess or from zero.

    Derivatives, forward and reverse, follow from the implicit function theorem: A du = d right - dA u is one more
    solve with the same preconditioner.
    """
    # The cycle's float32 holds ratios of conductances, not their size.
    largest = reduce(jnp.maximum, (jnp.max(jax.lax.stop_gradient(each)) for each in c.along))
    c = jax.tree.map(lambda each: each / largest, c)
    fixed = jax.lax.stop_gradient(c)
    system = scaled_system(fixed, jnp.float64 if precision == "double" else jnp.float32)

    first = None if guess is None else jax.lax.stop_gradient(guess * largest)

    def solve(_, right: Field) -> tuple[Field, tuple[Array, Array, Array]]:
        start = _start(fixed, right, first)
        return _refine(fixed, system, right, start, tolerance, max_iterations, _GAIN[precision])

    u, (residual, iterations, converged) = _linear_solve(
        partial(apply, c), right, solve, symmetric=True, has_aux=True
    )
    return Solve(u / largest, residual, iterations, converged)


def scaled_system(c: Conductances, dtype: Any) -> System:
    """Scale the system to a unit diagonal, in a working precision, and build its preconditioner."""
    edges = with_border(c)
    scale = inverse_root_diagonal(edges, c.shape, c.rings)
    coupling = jax.tree.map(lambda edge: edge.astype(dtype), couplings(edges, scale, c.rings))
    single = stored(jax.tree.map(lambda edge: edge.astype(jnp.float32), edges))
    return System(split(scale.astype(dtype)), coupling, build(single, c.shape, c.rings))


def _start(c: Conductances, right: Field, guess: Field | None) -> tuple[Field, Field, Array]:
    """Return the start (the guess, or zero if the guess is worse), its residual and the residual's norm.

    The guess is judged in the energy norm, in which conjugate gradients converge: |u - guess|_A^2 - |u|_A^2 =
    guess^T A guess - 2 guess^T right. A rough guess can have a large residual and still be good. Derivatives also
    solve systems here, with other right-hand sides, for which the guess was not made.
    """
    zero = jnp.zeros_like(right), right, jnp.linalg.norm(right)
    if guess is None:
        return zero
    left_over = stored(right - apply(c, guess))
    better = jnp.vdot(guess, right + left_over) > 0
    return jax.tree.map(partial(jnp.where, better), (guess, left_over, jnp.linalg.norm(left_over)), zero)


def _refine(
    c: Conductances,
    system: System,
    right: Field,
    start: tuple[Field, Field, Array],
    tolerance: float,
    max_iterations: int,
    gain: float,
) -> tuple[Field, tuple[Array, Array, Array]]:
    """Solve for the residual that is left, until it is small or no longer decreases."""
    size = jnp.linalg.norm(right)
    target = tolerance * size

    def unfinished(state):
        _, _, norm, previous, iterations = state
        return (norm > target) & (norm < previous / 2) & (iterations < max_iterations)

    def improve(state):
        u, left_over, norm, _, iterations = state
        goal = jnp.maximum(0.9 * target / norm, gain)  # a little more, to allow for rounding
        correction, more = _iterate(system, left_over / norm, goal, max_iterations - iterations)
        u = stored(u + norm * correction)
        left_over = stored(right - apply(c, u))
        return u, left_over, jnp.linalg.norm(left_over), norm, iterations + more

    before = jnp.full_like(size, jnp.inf), jnp.full_like(size, 0, dtype=jnp.int32)
    u, _, norm, _, iterations = jax.lax.while_loop(unfinished, improve, (*start, *before))
    converged = norm <= target
    return jnp.where(converged, u, jnp.nan), (norm / jnp.where(size > 0, size, 1.0), iterations, converged)


def _iterate(system: System, right: Field, goal: Array, max_iterations: Array) -> tuple[Field, Array]:
    """Conjugate gradients on the red nodes, from zero until the residual's norm is at most `goal`."""
    scale, coupling, _ = system
    dtype = scale.dtype
    borders = [0 if ring else 1 for ring in coupling.rings]
    padded = fill(jnp.pad(right.astype(dtype), [(border, 0) for border in borders]))
    red, black = colours(stored(scale * split(padded)))
    reduced = stored(add(red, to_red(coupling, black)))
    weights = residual_weights(scale)

    def unfinished(state: Iteration) -> Array:
        return (state.norm > goal.astype(dtype)) & (state.iterations < max_iterations)

    zero = jax.tree.map(jnp.zeros_like, reduced)
    # An infinite previous slope makes the first direction the preconditioned residual itself.
    infinite = jnp.full_like(goal, jnp.inf, dtype=dtype)
    start = Iteration(zero, reduced, zero, infinite, infinite, jnp.full_like(max_iterations, 0))
    last = jax.lax.while_loop(unfinished, partial(iterate, system, weights), start)
    black = add(black, to_black(coupling, last.red))
    solution = join(scale * together(last.red, black))
    unknowns = tuple(slice(border, border + size) for border, size in zip(borders, right.shape, strict=True))
    return solution[unknowns].astype(right.dtype), last.iterations


def residual_weights(scale: Parts) -> Colour:
    """Return the squares by which residuals of red nodes were scaled; on the black nodes the residual is zero."""
    red, _ = colours(scale)
    return tuple(stored(jnp.where(part > 0, 1 / part**2, 0.0)) for part in red)


def iterate(system: System, weights: Colour, state: Iteration) -> Iteration:
    """One iteration: a cycle, an image and two scalar products. The norm is of the residual before scaling."""
    red, residual, direction, previous, _, iterations = state
    coupling = system.coupling
    preconditioned = precondition(system.hierarchy, residual)
    slope = _dot(residual, preconditioned)
    direction = stored(add(preconditioned, direction, slope / previous))
    image = stored(add(direction, to_red(coupling, stored(to_black(coupling, direction))), -1.0))
    length = slope / _dot(direction, image)
    red, residual = stored((add(red, direction, length), add(residual, image, -length)))
    norm = jnp.sqrt(_dot(_multiply(weights, residual), residual))
    return Iteration(red, residual, direction, slope, norm, iterations + 1)


def precondition(hierarchy: Hierarchy, residual: Colour) -> Colour:
    """One cycle in float32, from zero, on the red nodes."""
    red = stored(tuple(part.astype(jnp.float32) for part in residual))
    zero = jnp.zeros_like(red[0])
    found, _ = cycle(hierarchy, red, (zero,) * len(red))
    return stored(tuple(part.astype(residual[0].dtype) for part in found))


def _dot(a: Colour, b: Colour) -> Array:
    return reduce(jnp.add, (jnp.sum(one * other) for one, other in zip(a, b, strict=True)))


def _multiply(a: Colour, b: Colour) -> Colour:
    return tuple(one * other for one, other in zip(a, b, strict=True))
