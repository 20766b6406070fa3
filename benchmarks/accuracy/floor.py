"""How small can the error of an operator be that sees only the strided coefficient?

    python -m benchmarks.accuracy.floor [--resolution 31] [--samples 40] [--draws 8] [--sweeps 100] [--seed 0]
        [--json FILE]

Two-phase Darcy flow, 12/3, on 421 x 421 nodes. The phases at the nodes of a coarse grid leave the field between
them open: for each sample, fields are drawn from the exact conditional distribution of the Gaussian field g given
the signs of g at the coarse nodes, and the equation is solved on each. No function of the strided coefficient has
a smaller mean square error than the conditional mean of the solution; the mean over the draws estimates it, and a
factor (1 + 1/draws)^(1/2) removes their scatter.

Values at the coarse nodes come from Gibbs sampling, one node after the other, started at the sample's own values,
so that the chain is stationary from its start; too few sweeps make the floor too low, never too high. The field
between the nodes is drawn exactly: the kriging of the nodes' values plus the kriging error of an independent
field.

Also stated is the floor given g itself at the coarse nodes, which says more than its sign.
"""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy.special import log_ndtr, ndtri_exp

from benchmarks.record import command_line, write
from pde.equations.darcy.problem import Darcy, solve_darcy
from pde.random_fields.gaussian import amplitudes, on_nodes
from pde.random_fields.laws import TwoPhase
from pde.system.progress import progress

Field = Float[np.ndarray, "height width"]
Nodes = Float[np.ndarray, "sample node"]


class Kriging:
    """The Gaussian field of a law given its values on a stride of its grid."""

    def __init__(self, law: Darcy, stride: int):
        self.stride = stride
        with jax.enable_x64(True):
            self.deviations = np.asarray(
                amplitudes((law.resolution, law.resolution), law.alpha, law.tau, law.lengths)
            )
        k, x = np.arange(law.resolution), law.grid.x[::stride]
        self.cosines = np.where(k == 0, 1.0, 2**0.5) * np.cos(np.pi * np.outer(x, k))
        pairs = np.einsum("ik,jk->ijk", self.cosines, self.cosines)
        covariance = np.einsum("imk,kl,jnl->ijmn", pairs, self.deviations**2, pairs, optimize=True)
        self.precision = np.linalg.inv(covariance.reshape(len(x) ** 2, -1))

    def field(self, coefficients: Field) -> Field:
        with jax.enable_x64(True):
            return np.asarray(on_nodes(jnp.asarray(coefficients)))

    def sample(self, generator: np.random.Generator) -> Field:
        return self.field(self.deviations * generator.normal(size=self.deviations.shape))

    def at_nodes(self, field: Field) -> Float[np.ndarray, " node"]:
        return field[:: self.stride, :: self.stride].ravel()

    def mean(self, values: Float[np.ndarray, " node"]) -> Field:
        """The conditional mean of the field, which takes the values at the nodes."""
        weights = (self.precision @ values).reshape(len(self.cosines), -1)
        return self.field(self.deviations**2 * (self.cosines.T @ weights @ self.cosines))

    def draw(self, values: Float[np.ndarray, " node"], generator: np.random.Generator) -> Field:
        other = self.sample(generator)
        return self.mean(values - self.at_nodes(other)) + other

    def sweep(self, values: Nodes, generator: np.random.Generator) -> None:
        """Redraw every node of every sample given the others and its sign."""
        signs = np.where(values >= 0, 1.0, -1.0)
        for node, row in enumerate(self.precision):
            deviation = row[node] ** -0.5
            mean = values[:, node] - values @ row / row[node]
            toward = signs[:, node] * mean / deviation  # the sign holds where a unit normal exceeds minus this
            below = np.log(generator.uniform(size=len(values))) + log_ndtr(toward)
            values[:, node] = signs[:, node] * deviation * (toward - ndtri_exp(below))


def solution(law: Darcy, field: Field) -> Field:
    with jax.enable_x64(True):
        a = np.asarray(TwoPhase()(jnp.asarray(field)))
    return solve_darcy(a, law.grid)


def floor(true: Float[np.ndarray, "sample h w"], drawn: Float[np.ndarray, "draw sample h w"]) -> dict[str, float]:
    """Mean relative L2 of the conditional mean, and its standard error."""
    distance = np.linalg.norm(true - drawn.mean(axis=0), axis=(1, 2)) / np.linalg.norm(true, axis=(1, 2))
    errors = distance / (1 + 1 / len(drawn)) ** 0.5
    return {"mean": float(errors.mean()), "standard error": float(errors.std(ddof=1) / len(errors) ** 0.5)}


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--resolution", type=int, default=31)
    parser.add_argument("--samples", type=int, default=40)
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--sweeps", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    law = Darcy()
    stride = law.grid.stride_to(arguments.resolution)
    kriging, generator = Kriging(law, stride), np.random.default_rng(arguments.seed)
    fields = [kriging.sample(generator) for _ in range(arguments.samples)]
    known = np.stack([kriging.at_nodes(field) for field in fields])
    coarse = np.s_[::stride, ::stride]
    true = np.stack([solution(law, field)[coarse] for field in fields])
    drawn: dict[str, list] = {"phases at the nodes": [], "g at the nodes": []}
    values = known.copy()
    for _ in progress(range(arguments.draws), "draws", unit="draw"):
        for _ in range(arguments.sweeps):
            kriging.sweep(values, generator)
        for name, given in (("phases at the nodes", values), ("g at the nodes", known)):
            drawn[name].append([solution(law, kriging.draw(v, generator))[coarse] for v in given])
    found = {name: floor(true, np.array(solutions)) for name, solutions in drawn.items()}
    print(json.dumps(found, indent=1))
    settings = {name: getattr(arguments, name) for name in ("resolution", "samples", "draws", "sweeps", "seed")}
    write(arguments.json, {"relative_l2": found, **settings, "law": law.attributes()})


if __name__ == "__main__":
    main()
