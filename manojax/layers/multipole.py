"""Multipole attention: windowed attention at the levels of a pyramid of maps, brought together at the finest."""

from typing import Any, Literal

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from jax.nn.initializers import Initializer
from jax.typing import DTypeLike
from jaxtyping import Float

from manojax.layers.attention import SelfAttention
from manojax.layers.basic import LayerNorm, Linear, default_init
from manojax.layers.convolution import Convolution
from manojax.layers.halo import Space
from manojax.layers.position import ContinuousBias, PositionBias, TableBias
from manojax.layers.pyramid import Down, Downsample, Up, Upsample, level_count

Map = Float[Array, "batch *grid channel"]
LevelSum = Literal["plain", "reference", "gated", "cycle"]
Finest = Literal["attention", "convolution"]
Position = Literal["none", "table", "continuous"]


class MultipoleAttention(nnx.Module):
    """Multipole attention (Colagrande et al., arXiv 2507.02748, section 3), on grids of any dimension.

    With D the down-sampling (kernel = stride = rate), U the up-sampling and Attn attention inside windows,

        X_l = D(X_{l-1}),        out = sum_l U^l(Attn(X_l)),        l = 0 .. L-1.

    U is linear, so the sum is evaluated from coarse to fine with one U a level, R <- Attn(X_l) + U(R). Levels
    follow the grid at call time: they go on until the map is at most one window, so that the coarsest attention
    joins every point with every other. Cost is linear in the number of points. Padding of a level that the rate
    does not divide changes nothing (see `pyramid.Downsample`).

    Args:
        width: channels.
        heads: attention heads.
        window: points a side of an attention window.
        stride: points between the starts of windows. 1 overlaps them all, `window` makes them disjoint, which is
            cheapest but lets points across a window's border meet at coarser levels only.
        shift: points by which the first window starts before the map; shifting disjoint windows in every other
            block joins points that the other blocks separate (as Swin does), at the price of disjoint windows.
        rate: ratio of the sides of neighbouring levels; larger ratios give fewer and coarser levels.
        levels: maximum number, for maps without a long-range part; by default as many as the grid allows.
        weight_sets: 1 shares one Attn, D and U over all levels, which lets the model run on any grid and keeps it
            small; n gives each of the first n - 1 levels its own, and the last set serves all coarser levels. D
            and U lie between levels, so there is one set of them fewer.
        down: "learned" mixes all points and channels of a cell; "pooled" takes their mean, with no parameters and
            no dependence on where in the cell they stand.
        up: "learned" gives each point of a cell its own matrix; "nearest" copies the coarse point.
        level_sum: "plain" is the paper's sum; "reference" has the factors of the authors' physics code,
            R <- Attn(X_l) + U(R) / (L - 1 - l), which damp coarse levels; "gated" lets each point decide,
            R <- Attn(X_l) + sigmoid(G X_l) U(R). "cycle" is not a sum: each level attends to the result of the
            coarser ones, R <- Attn(LN(X_l + U(R))), as the levels of a V-cycle correct one another. Without the
            layer normalisation the gains of all levels multiply, and training diverges.
        finest: layer at level 0, where attention costs most. "convolution" replaces Attn by a kernel of 3^d
            points, which sees the neighbours that a window of 2 at every point sees, with signed weights in the
            place of means: differences as well as averages.
        position: bias of logits by relative position: "table" learns one number an offset, "continuous" a function
            of the physical offset that all levels and grids share; with "none", positions enter through X only.
        cosine: cosine attention, whose logits cannot grow with the activations.
        dimensions: axes of the grid.
        periodic: True for each axis that is periodic: windows and the convolution go on at its other end, and
            levels end where the rate does not divide it.
        output_init: initialiser of Attn's output projections.
        dtype: precision of activations.

    Raises:
        ValueError: heads do not divide the width, the stride is not between 1 and the window, the shift is not
            between 0 and the stride, rate or window is below 2, or the only level is to be a convolution.
    """

    def __init__(
        self,
        width: int,
        *,
        heads: int = 4,
        window: int = 2,
        stride: int = 1,
        shift: int = 0,
        rate: int = 2,
        levels: int | None = None,
        weight_sets: int = 1,
        down: Down = "learned",
        up: Up = "learned",
        level_sum: LevelSum = "plain",
        finest: Finest = "attention",
        position: Position = "none",
        cosine: bool = False,
        dimensions: int = 2,
        periodic: tuple[bool, ...] = (),
        output_init: Initializer = default_init,
        dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        if rate < 2 or window < 2:
            raise ValueError(f"rate {rate} and window {window} must be at least 2")
        if finest == "convolution" and levels == 1:
            raise ValueError(
                "levels 1 leaves no level for attention where the finest is a convolution; give 2 or more"
            )
        self.rate, self.window, self.levels, self.level_sum = rate, window, levels, level_sum
        self.periodic = periodic
        self.norm = LayerNorm(width, rngs=rngs) if level_sum == "cycle" else None
        kind = {"dimensions": dimensions, "dtype": dtype, "rngs": rngs}
        self.attention, self.down, self.up, self.gate = nnx.List([]), nnx.List([]), nnx.List([]), nnx.List([])
        self.convolution = (
            Convolution(width, width, kernel_init=output_init, periodic=periodic, **kind)
            if finest == "convolution"
            else None
        )
        for _ in range(weight_sets):
            attention = SelfAttention(
                width,
                heads=heads,
                window=window,
                stride=stride,
                shift=shift,
                cosine=cosine,
                position=_position_bias(position, window, heads, dimensions, rngs),
                periodic=periodic,
                output_init=output_init,
                dtype=dtype,
                rngs=rngs,
            )
            self.attention.append(attention)
        for _ in range(max(1, weight_sets - 1)):
            self.down.append(Downsample(width, rate, down, **kind))
            self.up.append(Upsample(width, rate, up, **kind))
            if level_sum == "gated":
                self.gate.append(Linear(width, width, dtype=dtype, rngs=rngs))

    def __call__(
        self, x: Map, spacing: Float[Array, " dimensions"] | None = None, space: Space | None = None
    ) -> Map:
        """Attend on a map whose points are `spacing` apart along each axis (1 by default).

        With a `space`, x and the result are this device's piece of the map.

        Raises:
            ValueError: a piece has fewer rows than a window, or the rate does not divide their number.
        """
        grid = x.shape[1:-1] if space is None else space.whole(x.shape[1:-1])
        spacing = jnp.ones(len(grid)) if spacing is None else spacing
        if space is not None and not self._can_be_split(x.shape[1]):
            raise ValueError(
                f"a device has {x.shape[1]} rows: a multiple of {self.rate}, at least {self.window}, is needed"
            )
        count = level_count(grid, self.rate, self.window, self.periodic)
        count = count if self.levels is None else min(count, self.levels)
        maps, spaces = [x], [space]
        for level in range(count - 1):
            coarse, space = self._of(self.down, level)(maps[-1]), spaces[-1]
            if space is not None and not self._can_be_split(coarse.shape[1]):
                coarse, space = space.gather(coarse), None
            maps.append(coarse)
            spaces.append(space)
        total = self._attend(count - 1, maps[-1], spacing, spaces[-1])
        for level in reversed(range(count - 1)):
            fine, space = maps[level], spaces[level]
            if space is not None and spaces[level + 1] is None:
                total = space.own(total)
            far = self._of(self.up, level)(total, fine.shape[1:-1])
            if self.norm is not None:
                total = self._attend(level, fine + far, spacing, space)
            else:
                total = self._attend(level, fine, spacing, space) + self._weighted(far, fine, level, count)
        return total

    def _can_be_split(self, rows: int) -> bool:
        return rows % self.rate == 0 and rows >= self.window

    def _of(self, modules: Any, level: int) -> Any:
        return modules[min(level, len(modules) - 1)]

    def _attend(self, level: int, x: Map, spacing: Float[Array, " dimensions"], space: Space | None) -> Map:
        x = x if self.norm is None else self.norm(x)
        if self.convolution is None:
            return self._of(self.attention, level)(x, spacing * self.rate**level, space)
        if level == 0:
            return self.convolution(x, space)
        return self._of(self.attention, level - 1)(x, spacing * self.rate**level, space)

    def _weighted(self, far: Map, fine: Map, level: int, count: int) -> Map:
        """Compute the contribution of the coarser levels to a level, by the kind of sum."""
        if self.level_sum == "reference":
            return far / (count - 1 - level)
        if self.level_sum == "gated":
            return jax.nn.sigmoid(self._of(self.gate, level)(fine)) * far
        return far


def _position_bias(
    kind: Position, window: int, heads: int, dimensions: int, rngs: nnx.Rngs
) -> PositionBias | None:
    if kind == "table":
        return TableBias(window, heads, dimensions=dimensions)
    if kind == "continuous":
        return ContinuousBias(window, heads, dimensions=dimensions, rngs=rngs)
    return None
