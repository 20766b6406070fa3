"""Programs whose speed is compared with the limits of a machine, and XLA's count of what they do."""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.typing import DTypeLike

import manojax
from pde.solvers.conductances import conductances
from pde.solvers.conjugate_gradients import Iteration, iterate, residual_weights, scaled_system

RATE = 1e-3
PRODUCT = 2048
"""Rows and columns of the matrices by which arithmetic is measured."""


def median(call: Callable[[], Any], rounds: int) -> float:
    """Return the median of seconds, after a call to warm up."""
    times = []
    for turn in range(rounds + 1):
        started = time.perf_counter()
        jax.block_until_ready(call())
        times += [time.perf_counter() - started] if turn else []
    return float(np.median(times))


def product_rate(rounds: int, dtype: DTypeLike = jnp.float32, side: int = PRODUCT) -> float:
    """Return operations a second of a large product of matrices."""
    matrix = jnp.ones((side, side), dtype)
    product = jax.jit(jnp.matmul)
    return 2 * side**3 / median(lambda: product(matrix, matrix), rounds)


def training_step(
    name: str, side: int, batch: int, steps: int, dtype: DTypeLike = jnp.float32
) -> tuple[Any, Any, Any]:
    """Return the parameters of a model, a jitted training step, and a jitted loop of `steps` steps.

    A step is forward, squared error, gradient and a change of the parameters, on one batch of square fields.
    """
    graph, params = nnx.split(manojax.create(name, dtype=dtype, rngs=nnx.Rngs(0)), nnx.Param)
    fields = jax.random.normal(jax.random.key(0), (batch, side, side, 1))

    def step(params: Any) -> Any:
        slope = jax.grad(lambda params: ((nnx.merge(graph, params)(fields) - fields) ** 2).mean())(params)
        return jax.tree.map(lambda p, g: p - RATE * g, params, slope)

    def loop(params: Any) -> Any:
        return jax.lax.fori_loop(0, steps, lambda _, params: step(params), params)

    return params, jax.jit(step), jax.jit(loop)


def solver_iteration(coefficient: jax.Array) -> tuple[Any, int]:
    """Return the program of one iteration of the solver, and the bytes of the arrays that it works on.

    It is conjugate gradients in float64 with a multigrid cycle in float32 (with x64 enabled).
    """
    system = scaled_system(conductances(coefficient, (1.0, 1.0)), jnp.float64)
    pair, one = (system.scale[0], system.scale[3]), jnp.ones(())
    state = Iteration(pair, pair, pair, one, one, jnp.zeros((), jnp.int32))
    arguments = system, residual_weights(system.scale), state
    held = sum(leaf.nbytes for leaf in jax.tree.leaves(arguments))
    return jax.jit(iterate).lower(*arguments).compile(), held


def counted(program: Any) -> dict[str, float]:
    """Return XLA's count of operations, and of the bytes that fused loops read and write."""
    costs = program.cost_analysis()
    return {"operations": costs["flops"], "bytes": costs["bytes accessed"]}
