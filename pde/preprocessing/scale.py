"""The scale of the inputs, taken out of a model by the way in which its equation scales.

Where c times an input k gives c^p_k times the solution, as in Darcy flow with p = -1, a model U need only know
inputs of size 1:

    u(a) = s(a) U(a / m(a)),    s(a) = prod_k m_k(a)^p_k

with m_k the mean of |a_k| over the points of the sample. Whatever U has learned, u then scales as the equation.
"""

import functools

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from manojax.layers.coordinates import AnyArray
from pde.data.data_file import DataFile
from pde.equations.registry import equation_of
from pde.system.errors import InputError


def sizes(fields: Float[AnyArray, "sample *grid channel"]) -> Float[Array, "sample *ones channel"]:
    """Return the mean absolute value of each input of each sample; 1 for one that is zero everywhere."""
    found = jnp.abs(jnp.asarray(fields)).mean(axis=tuple(range(1, fields.ndim - 1)), keepdims=True)
    return jnp.where(found > 0, found, jnp.ones_like(found))


def solution_scale(
    fields: Float[AnyArray, "sample *grid channel"], powers: tuple[float, ...]
) -> Float[Array, " sample *ones"]:
    """Return s, the factor of each sample's solution, given the power of each input."""
    each = jnp.split(sizes(fields), len(powers), axis=-1)
    return functools.reduce(jnp.multiply, (size**power for size, power in zip(each, powers, strict=True)))


def scaling_of(data: DataFile) -> tuple[float, ...]:
    """Return the power of each input of a file by which its equation scales the solution.

    Raises:
        InputError: the equation is not known or declares no power of an input, or the first samples are no problem
            that it can be solved for.
    """
    equation = equation_of(data.attributes, data.sampled, data.output_names, len(data.grid.axes))
    if equation is None:
        raise InputError(f"--scale-free: {data.path} holds the inputs of no known equation; leave the flag out")
    undeclared = [name for name in data.inputs if name not in equation.scaling]
    if undeclared:
        raise InputError(
            f"--scale-free: the equation {equation.formula} declares no scaling with {', '.join(undeclared)}; "
            "declare it (Equation.scaling), or leave the flag out"
        )
    first = [data.read(name, data.blocks()[0]) for name in equation.inputs]
    try:
        equation.check_outputs(data.outputs)
        equation.check(*first, data.grid)
    except InputError as error:
        raise InputError(f"--scale-free: {data.path}: {error}; otherwise leave the flag out") from error
    return tuple(equation.scaling[name] for name in data.inputs)
