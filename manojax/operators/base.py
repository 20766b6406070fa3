"""The interface that all operators share."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.layers.coordinates import Coordinates


@dataclass(frozen=True)
class ModelConfig:
    """Options of a model: plain values, so that a run can hold them and a command line can set them.

    Raises:
        ValueError: a whole number below 1.
    """

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int) and not isinstance(value, bool) and value < 1:
                raise ValueError(f"{field.name} {value} must be at least 1")

    def for_grid(self, shape: tuple[int, ...]) -> "ModelConfig":
        """Fill in the options that follow from the training grid.

        Raises:
            ValueError: an option asks for more than the grid holds.
        """
        return self


class Operator(nnx.Module):
    """A map from fields to fields on any grid, at fixed parameters.

    Fields are (batch, one axis a dimension of space, channel): (batch, height, width, channel) in the plane.
    """

    Config: ClassVar[type[ModelConfig]]
    splits_space: ClassVar[bool] = False
    """True if the operator runs on pieces of a grid (see `manojax.operators.sharding`)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        config: Any,
        *,
        dimensions: int = 2,
        dtype: DTypeLike,
        rngs: nnx.Rngs,
    ):
        raise NotImplementedError

    def __call__(
        self, fields: Float[Array, "batch *grid channel"], coordinates: Coordinates | None = None
    ) -> Float[Array, "batch *grid out"]:
        """Map fields to fields on the same grid.

        `coordinates` are those of the axes, (x, y) in the plane; None stands for the nodes of the unit square.
        """
        raise NotImplementedError
