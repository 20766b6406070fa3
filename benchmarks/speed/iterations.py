"""How many iterations does the solver take, on any size of grid and at any contrast?

    python -m benchmarks.speed.iterations [--samples 3] [--json FILE]

Source 1, zero border, nodes, arithmetic faces, relative residual 1e-10 in double precision. Two-phase coefficients
are 12 and 3 by the sign of a Gaussian field g; log-normal ones exp(s g), with s such that the largest is 1e6 times
the smallest. Cells are squares, or cubes on three axes; in one row they are twice as long as wide. Stated is the
largest count of all samples; it is the same on every machine, up to rounding.

Found (`results/iterations.json`): 11 to 13 for the two-phase field and 12 to 14 for the log-normal one, from
65 x 65 to 1025 x 1025 nodes; 18 and 19 on cells twice as long as wide. On three axes, from 33 to 97 a side, 12 and
13 for the two-phase field and 13 and 14 for the log-normal one.
"""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Key

from benchmarks.record import command_line, write
from pde.random_fields.gaussian import gaussian_field
from pde.solvers.elliptic import solve

SIZES = (65, 101, 127, 129, 211, 257, 421, 513, 1024, 1025)
CUBES = (33, 65, 97)
GRIDS: list[tuple[tuple[int, ...], float]] = [
    *(((n, n), 1.0) for n in SIZES),
    ((257, 513), 1.0),
    ((257, 513), 2.0),
    *(((n, n, n), 1.0) for n in CUBES),
]
CONTRAST = 1e6


def two_phase(g: Float[Array, "*grid"]) -> Float[Array, "*grid"]:
    return jnp.where(g >= 0, 12.0, 3.0)


def log_normal(g: Float[Array, "*grid"]) -> Float[Array, "*grid"]:
    return jnp.exp(np.log(CONTRAST) / (jnp.max(g) - jnp.min(g)) * g)


LAWS = {"two-phase 12/3": two_phase, "log-normal, contrast 1e6": log_normal}


def iterations(shape: tuple[int, ...], aspect: float, samples: int) -> dict[str, int]:
    """Largest number of iterations of any sample, by law of the coefficient, on cells of that aspect ratio.

    Raises:
        ArithmeticError: a solve that did not converge.
    """

    @jax.jit
    def field(key: Key[Array, ""]) -> Float[Array, "*grid"]:
        return gaussian_field(key, shape, alpha=2.0, tau=3.0)

    @jax.jit
    def solved(a: Float[Array, "*grid"]) -> tuple[Array, Array]:
        found = solve(a, jnp.ones_like(a), spacing=(aspect / shape[1], *[1 / shape[1]] * (len(shape) - 1)))
        return found.iterations, found.converged

    most = dict.fromkeys(LAWS, 0)
    with jax.enable_x64(True):
        for sample in range(samples):
            g = field(jax.random.key(sample))
            for name, law in LAWS.items():
                count, converged = solved(law(g))
                if not converged:
                    raise ArithmeticError(
                        f"{name} on {shape}, sample {sample}: no convergence in {count} iterations"
                    )
                most[name] = max(most[name], int(count))
    return most


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--samples", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    print(f"| nodes | {' | '.join(LAWS)} |\n|---|" + "---|" * len(LAWS), flush=True)
    counts = {}
    for shape, aspect in GRIDS:
        name = " x ".join(map(str, shape)) + (f", cells {aspect:g} : 1" if aspect != 1 else "")
        counts[name] = iterations(shape, aspect, options.samples)
        print(f"| {name} | {' | '.join(map(str, counts[name].values()))} |", flush=True)
    write(options.json, {"tolerance": 1e-10, "samples": options.samples, "most iterations": counts})


if __name__ == "__main__":
    main()
