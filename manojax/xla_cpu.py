"""Detours around XLA's compiler for CPUs: each computes something plain in a way that this compiler makes faster.

The docstring of a detour gives its plain form, the effect of leaving the detour out, and the version of jax with
which this effect was last seen. `benchmarks/speed/xla_cpu.py` times an operation with each detour and with its
plain form in turn; a detour whose plain form is as fast can go. The results of the two differ by rounding at most.
`stored` and `inverse` serve the solvers too.
"""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Shaped


def stored(results: Any) -> Any:
    """Return `results`, computed once however many operations read them.

    Without this detour the compiler fuses a result into each of its readers, which computes it again: many times
    in a chain of stencils, such as a multigrid cycle. The plain form is `results`. With jax 0.12.0 and the plain
    form a solve takes 1.5 to 6 times as long, the gradient of attention in windows 1.5 times.
    """
    return jax.lax.optimization_barrier(results)


def kept_apart(planes: list[Float[Array, "*shape"]]) -> list[Float[Array, "*shape"]]:
    """Return `planes`; neither they nor their gradients are fused with the operations that read them.

    The planes pass through a product with the unit matrix: in jax 0.10 `stored` did not last through all passes of
    the compiler, and the gradient of a softmax over the planes was computed again for each of its readers. The
    plain form is `planes`. With jax 0.12.0 and the plain form the gradient of attention in windows takes 1.2 times
    as long.
    """
    stacked = jnp.stack(planes)
    same = jnp.matmul(np.eye(len(planes), dtype=np.float32), stacked.reshape(len(planes), -1), precision="highest")
    parts = jax.lax.split(same.reshape(stacked.shape), (1,) * len(planes), axis=0)
    return [part.squeeze(0) for part in parts]


# The next two functions are each other's transposes: each computes its own fast form, and its derivative is
# written such that the transpose of the derivative is the fast form of the other.


@jax.custom_jvp
def sum_over_axis_1(x: Float[Array, "_ n *rest"]) -> Float[Array, "_ *rest"]:
    """Sum over a short axis 1, slice by slice.

    The compiler vectorises a sum of slices along the axes after axis 1, but not a reduction together with the
    product before it. The plain form is `x.sum(axis=1)`. With jax 0.12.0, this plain form and that of
    `copies_along_axis_1`, the gradient of attention in windows takes 1.4 times as long.
    """
    parts = jax.lax.split(x, (1,) * x.shape[1], axis=1)
    return functools.reduce(jnp.add, (part.squeeze(1) for part in parts))


@sum_over_axis_1.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    return sum_over_axis_1(*primals), tangents[0].sum(axis=1)


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def copies_along_axis_1(x: Float[Array, "_ *rest"], size: int) -> Float[Array, "_ n *rest"]:
    """Repeat x at each of the `size` places of a new axis 1; its gradient is a sum slice by slice.

    The reason is the same as for `sum_over_axis_1`. The plain form is
    `jnp.broadcast_to(x[:, None], (len(x), size, *x.shape[1:]))`.
    """
    return jnp.broadcast_to(x[:, None], (x.shape[0], size, *x.shape[1:]))


@copies_along_axis_1.defjvp
def _(size: int, primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    return copies_along_axis_1(*primals, size), jnp.stack([tangents[0]] * size, axis=1)


def last_two_axes_first(x: Shaped[Array, "*rest m n"]) -> Shaped[Array, "m n *rest"]:
    """Move the last two axes to the front, by the transpose of a matrix.

    The compiler transposes a matrix faster than an array of more axes. The plain form is
    `jnp.moveaxis(x, (-2, -1), (0, 1))`. With jax 0.12.0, this plain form and that of `first_two_axes_last`, the
    gradient of attention in windows takes 1.3 times as long.
    """
    *rest, m, n = x.shape
    return stored(x.reshape(-1, m * n).T.reshape(m, n, *rest))


def first_two_axes_last(x: Shaped[Array, "m n *rest"]) -> Shaped[Array, "*rest m n"]:
    """Move the first two axes to the end, by the transpose of a matrix: the inverse of `last_two_axes_first`."""
    m, n, *rest = x.shape
    return stored(x.reshape(m * n, -1).T).reshape(*rest, m, n)


def at_each_point(
    function: Callable[[Shaped[Array, "point channel"]], Shaped[Array, "point out"]],
    x: Shaped[Array, "*axes channel"],
) -> Shaped[Array, "*axes out"]:
    """Apply a function of channels at every point, with all points on a single axis.

    The function is a product with a matrix; the compiled gradient of the matrix is slower where points have
    several axes. The plain form is `function(x)`. With jax 0.12.0 and the plain form the gradients of attention in
    windows and of FNO take 1.1 times as long.
    """
    return function(x.reshape(-1, x.shape[-1])).reshape(*x.shape[:-1], -1)


def matrix_times_each(
    matrix: Float[np.ndarray, "out in"], x: Float[Array, "batch in rest"]
) -> Float[Array, "batch out rest"]:
    """Multiply each sample by the same matrix, in float32, as a batch of products.

    Without the copies of the matrix the compiler makes one product of all samples, for which it transposes x and
    the result. The plain form is `jnp.matmul(matrix, x, precision="highest")`. With jax 0.12.0 and the plain form
    the gradient of FNO takes 1.06 times as long.
    """
    matrices = jnp.broadcast_to(jnp.asarray(matrix, jnp.float32), (x.shape[0], *matrix.shape))
    return jnp.matmul(matrices, x, precision="highest")


def convolution(
    x: Float[Array, "batch *grid channel"], kernel: Float[Array, "*points channel out"]
) -> Float[Array, "batch *grid out"]:
    """Convolve a map, zero beyond its border, with a kernel of three points a side, by a product.

    The plain form is `jax.lax.conv_general_dilated`. With jax 0.12.0 and the plain form the
    gradient of a U-Net takes 9 times as long inside a loop, such as one over training steps, and as long as with
    this detour outside a loop.

    The channels of three neighbours along the last axis are concatenated and multiplied by the kernel; then the
    products are summed over the other axes. To concatenate all 3^d neighbours would copy more, and to concatenate
    none would add more.
    """
    *others, last = x.shape[1:-1]
    channels, out = kernel.shape[-2:]
    padded = jnp.pad(x, ((0, 0), *((1, 1),) * (len(others) + 1), (0, 0)))
    beside = jnp.concatenate([padded[..., shift : shift + last, :] for shift in range(3)], axis=-1)
    matrix = kernel.reshape(-1, 3 * channels, out).swapaxes(0, 1).reshape(3 * channels, -1)
    precise = np.promote_types(x.dtype, np.float32)
    products = jnp.split(beside.astype(precise) @ matrix.astype(precise), 3 ** len(others), axis=-1)
    shifts = itertools.product(range(3), repeat=len(others))
    windows = [(slice(None), *(slice(o, o + n) for o, n in zip(shift, others, strict=True))) for shift in shifts]
    parts = (product[window] for product, window in zip(products, windows, strict=True))
    return functools.reduce(jnp.add, parts).astype(x.dtype)


def inverse(matrix: Float[Array, "n n"]) -> Float[Array, "n n"]:
    """Invert a positive definite matrix in its place, by Gauss-Jordan elimination without pivots.

    The plain form is `jnp.linalg.inv`, which calls LAPACK. For a batch, LAPACK waits for threads; with jaxlib 0.10
    on the CPU several devices at once waited forever. Until this fault is known to be mended, time alone does not
    decide about this detour. With jax 0.12.0 a solve takes 2 to 27 times as long with the plain form on a busy
    machine.
    """

    def step(k: Array, matrix: Float[Array, "n n"]) -> Float[Array, "n n"]:
        pivot, row, column = matrix[k, k], matrix[k], matrix[:, k]
        matrix = matrix - column[:, None] * (row / pivot)[None, :]
        return matrix.at[k].set(row / pivot).at[:, k].set(-column / pivot).at[k, k].set(1 / pivot)

    return jax.lax.fori_loop(0, len(matrix), step, matrix)
