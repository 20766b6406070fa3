"""The interface that all operators share."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, get_type_hints

import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.layers.coordinates import Coordinates
from manojax.operators.arguments import check


@dataclass(frozen=True)
class ModelConfig:
    """Options of a model: plain values, so that a run can hold them and a command line can set them.

    Raises:
        ValueError: a value that is not of the type of its option, or a whole number below 1.
    """

    def __post_init__(self):
        kinds = get_type_hints(type(self))
        for field in fields(self):
            check(field.name, getattr(self, field.name), kinds[field.name])

    def check_dimensions(self, dimensions: int) -> None:
        """Check that options with a number for each dimension of the grid have `dimensions` numbers.

        Raises:
            ValueError: an option has more or fewer numbers.
        """
        for name, value in vars(self).items():
            if isinstance(value, tuple) and len(value) != dimensions:
                fitting = (value[0],) * dimensions
                raise ValueError(
                    f"{name}={value}: give one number for each dimension of the grid, here {dimensions}, "
                    f"such as {fitting}"
                )

    def for_grid(self, shape: tuple[int, ...]) -> "ModelConfig":
        """Fill in the options that follow from the training grid.

        Raises:
            ValueError: an option asks for more than the grid holds.
        """
        return self


class Operator(nnx.Module):
    """A map from fields to fields on any grid, at fixed parameters.

    Fields have the axes (batch, one for each dimension of space, channel): (batch, height, width, channel) in the
    plane. A subclass makes its layers in `build`, and computes its result in `forward`.

    Raises:
        ValueError: channels below 1, dimensions other than 1, 2 and 3, an option that does not fit the dimensions,
            or no source of random numbers.
    """

    Config: ClassVar[type[ModelConfig]]
    splits_space: ClassVar[bool] = False
    """True if the operator runs on pieces of a grid (see `manojax.operators.sharding`)."""
    divides_itself: ClassVar[bool] = False
    """True if the operator takes whole fields even where a grid is split, and divides the work itself."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        config: ModelConfig | None = None,
        *,
        dimensions: int = 2,
        periodic: tuple[bool, ...] = (),
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        """Check the arguments and make the layers.

        Args:
            in_channels: channels of the input fields, coordinates not counted.
            out_channels: channels of the output fields.
            config: options; by default `Config()`.
            dimensions: axes of the grid, 1 to 3.
            periodic: True for each axis that is periodic; by default none is. The points of such an axis go once
                around it.
            dtype: precision of activations; parameters, FFTs and softmax stay in float32.
            rngs: random numbers of the parameters.
        """
        config = self.Config() if config is None else config
        check("in_channels", in_channels, int)
        check("out_channels", out_channels, int)
        check("dimensions", dimensions, Literal[1, 2, 3])
        check("rngs", rngs, nnx.Rngs)
        config.check_dimensions(dimensions)
        self.periodic = tuple(map(bool, periodic)) or (False,) * int(dimensions)
        if len(self.periodic) != dimensions:
            raise ValueError(f"periodic={periodic}: give True or False for each of the {dimensions} dimensions")
        self.in_channels, self.out_channels, self.dimensions = int(in_channels), int(out_channels), int(dimensions)
        self.config, self.dtype = config, jnp.dtype(dtype)
        self.build(config, rngs)

    def build(self, config: Any, rngs: nnx.Rngs) -> None:
        """Make the layers from the options, and from `in_channels`, `out_channels`, `dimensions` and `dtype`."""

    def __call__(
        self, fields: Float[Array, "batch *grid channel"], coordinates: Coordinates | None = None, **further: Any
    ) -> Float[Array, "batch *out_grid out"]:
        """Map fields to fields, in general on the same grid.

        `coordinates` are one vector an axis, (x, y) in the plane; None stands for the nodes of the unit square.
        Further arguments are those of `forward`: an operator that splits the grid takes a `space`, and then a
        piece of the fields.

        Raises:
            ValueError: the fields do not fit (see `check_fields`).
        """
        self.check_fields(fields)
        return self.forward(fields, coordinates, **further)

    def check_fields(self, fields: Array) -> None:
        """Check that fields have the axes and channels for which the operator was made.

        Raises:
            ValueError: the number of axes or channels differs.
        """
        if fields.ndim != self.dimensions + 2 or fields.shape[-1] != self.in_channels:
            axes = ", ".join(["batch", *("nx", "ny", "nz")[: self.dimensions], str(self.in_channels)])
            raise ValueError(
                f"fields of shape {fields.shape}: give ({axes}), as the model has dimensions={self.dimensions} "
                f"and in_channels={self.in_channels}"
            )

    def forward(
        self, fields: Float[Array, "batch *grid channel"], coordinates: Coordinates | None
    ) -> Float[Array, "batch *out_grid out"]:
        """Compute the result of a call, from fields that fit."""
        raise NotImplementedError
