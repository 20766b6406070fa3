"""The detours of `manojax.xla_cpu`: how much longer the operations around them take with the plain forms.

    python -m benchmarks.speed.xla_cpu [--rounds 15] [--only WORD] [--json FILE]

Each operation is compiled as it is, and once more for each detour in it with the plain form in place of only that
one; detours that belong together are replaced together. All compiled programs run in turn in every round, after
rounds to warm up. A ratio is seconds with the plain form over seconds with the detour, within a round; stated are
the median over rounds and, in brackets, the quartiles. A detour with ratios of 1 everywhere can go.

Found, on 2 cores busy with other work, in several runs of some of the operations (`results/xla_cpu.json`): without
`stored` a solve takes 1.5 to 6 times as long, the more the finer the grid. With LAPACK's inverse it takes 2 to 27
times as long, the more the coarser the grid. In the gradient of attention in windows the five detours bring 1.1 to
1.5 each, in that of FNO `at_each_point` 1.1, `matrix_times_each` 1.06 and `stored` nothing. The convolution brings
9 times in a loop and nothing outside.
"""

import contextlib
import math
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

import manojax
from benchmarks.record import command_line, write
from manojax import xla_cpu
from manojax.layers.attention import SelfAttention
from pde.equations.darcy.problem import Darcy
from pde.solvers.elliptic import solve
from pde.system.machine import cores

SHORTEST = 0.02  # seconds of a timing: faster programs are called several times
STEPS = 10  # steps of the loop in which a gradient is taken
BATCH = 10


def convolution(x: jax.Array, kernel: jax.Array) -> jax.Array:
    letters = "XYZ"[: x.ndim - 2]
    layout = (f"N{letters}C", f"{letters}IO", f"N{letters}C")
    return jax.lax.conv_general_dilated(x, kernel, (1,) * len(letters), "SAME", dimension_numbers=layout)


PLAIN: dict[str, dict[str, Callable[..., Any]]] = {
    "stored": {"stored": lambda results: results},
    "kept_apart": {"kept_apart": lambda planes: planes},
    "sum_over_axis_1": {
        "sum_over_axis_1": lambda x: x.sum(axis=1),
        "copies_along_axis_1": lambda x, size: jnp.broadcast_to(x[:, None], (len(x), size, *x.shape[1:])),
    },
    "last_two_axes_first": {
        "last_two_axes_first": lambda x: jnp.moveaxis(x, (-2, -1), (0, 1)),
        "first_two_axes_last": lambda x: jnp.moveaxis(x, (0, 1), (-2, -1)),
    },
    "at_each_point": {"at_each_point": lambda function, x: function(x)},
    "matrix_times_each": {
        "matrix_times_each": lambda matrix, x: jnp.matmul(jnp.asarray(matrix, jnp.float32), x, precision="highest")
    },
    "convolution": {"convolution": convolution},
    "inverse": {"inverse": jnp.linalg.inv},
}

ATTENTION = ("stored", "kept_apart", "sum_over_axis_1", "last_two_axes_first", "at_each_point")
Operation = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function and its arguments."""


@contextlib.contextmanager
def plainly(forms: dict[str, Callable[..., Any]]) -> Iterator[None]:
    """Make every module use these plain forms meanwhile."""
    detours = {getattr(xla_cpu, name): form for name, form in forms.items()}
    ours = [module for name, module in sys.modules.items() if name.split(".")[0] in ("manojax", "pde")]
    places = [(m, name, value) for m in ours for name, value in vars(m).items() if is_one(value, detours)]
    for module, name, detour in places:
        setattr(module, name, detours[detour])
    try:
        yield
    finally:
        for module, name, detour in places:
            setattr(module, name, detour)


def is_one(value: Any, detours: dict[Any, Any]) -> bool:
    return callable(value) and any(value is detour for detour in detours)


def darcy(nodes: int) -> jax.Array:
    [sample] = Darcy(resolution=nodes).samples(0, range(1))
    return jnp.asarray(sample["coefficient"], jnp.float64)


def solution(a: jax.Array) -> jax.Array:
    return solve(a, jnp.ones_like(a), spacing=(1.0, 1.0), tolerance=1e-8).solution


def solver(nodes: int) -> Operation:
    return solution, (darcy(nodes),)


def solver_gradient(nodes: int) -> Operation:
    return jax.grad(lambda a: solution(a).sum()), (darcy(nodes),)


def inverses(count: int, size: int) -> Operation:
    square = np.random.default_rng(0).normal(size=(count, size, size)).astype(np.float32)
    positive = np.eye(size, dtype=np.float32) + square @ square.swapaxes(1, 2) / size
    return jax.vmap(lambda matrix: xla_cpu.inverse(matrix)), (jnp.asarray(positive),)


def normal(*shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(1).normal(size=shape), jnp.float32)


def of_module(module: nnx.Module, x: jax.Array) -> Operation:
    graph, params = nnx.split(module, nnx.Param)
    return (lambda params, x: nnx.merge(graph, params)(x)), (params, x)


def attention(window: int, side: int) -> Operation:
    return of_module(SelfAttention(32, heads=4, window=window, rngs=nnx.Rngs(0)), normal(BATCH, side, side, 32))


def model(name: str, side: int) -> Operation:
    config = manojax.MODELS[name].Config().for_grid((side, side))
    operator = manojax.MODELS[name](1, 1, config, dtype=jnp.float32, rngs=nnx.Rngs(0))
    return of_module(operator, normal(BATCH, side, side, 1))


def gradient(operation: Operation) -> Operation:
    function, arguments = operation
    return jax.grad(lambda *arguments: (function(*arguments) ** 2).mean()), arguments


def in_a_loop(operation: Operation) -> Operation:
    """Many gradients with respect to the parameters, one after the other, each with a step down."""
    function, (params, x) = operation

    def down(params: Any, _: None) -> tuple[Any, None]:
        slope = jax.grad(lambda params: (function(params, x) ** 2).mean())(params)
        return jax.tree.map(lambda p, s: p - 1e-3 * s, params, slope), None

    return (lambda params: jax.lax.scan(down, params, length=STEPS)[0]), (params,)


OPERATIONS: dict[str, tuple[tuple[str, ...], Callable[[], Operation]]] = {
    **{f"solve, {n} nodes": (("stored", "inverse"), lambda n=n: solver(n)) for n in (33, 65, 129, 257)},
    **{f"solve, gradient, {n} nodes": (("stored", "inverse"), lambda n=n: solver_gradient(n)) for n in (33, 129)},
    "inverse of a matrix of 64 rows": (("inverse",), lambda: inverses(1, 64)),
    "inverses of 16 matrices of 64 rows": (("inverse",), lambda: inverses(16, 64)),
    **{
        f"attention in windows of {k}, {n} x {n}": (ATTENTION, lambda k=k, n=n: attention(k, n))
        for k, n in ((2, 31), (2, 61), (3, 31))
    },
    **{
        f"attention in windows of {k}, gradient, {n} x {n}": (
            ATTENTION,
            lambda k=k, n=n: gradient(attention(k, n)),
        )
        for k, n in ((2, 31), (2, 61), (3, 31))
    },
    "mano, 31 x 31": ((*ATTENTION, "convolution"), lambda: model("mano", 31)),
    "mano, gradient, 31 x 31": ((*ATTENTION, "convolution"), lambda: gradient(model("mano", 31))),
    **{
        f"fno, {n} x {n}": (("stored", "at_each_point", "matrix_times_each"), lambda n=n: model("fno", n))
        for n in (31, 61)
    },
    **{
        f"fno, gradient, {n} x {n}": (
            ("stored", "at_each_point", "matrix_times_each"),
            lambda n=n: gradient(model("fno", n)),
        )
        for n in (31, 61)
    },
    "unet, 31 x 31": (("convolution",), lambda: model("unet", 31)),
    "unet, gradient, 31 x 31": (("convolution",), lambda: gradient(model("unet", 31))),
    "unet, gradients in a loop, 31 x 31": (("convolution",), lambda: in_a_loop(model("unet", 31))),
}


def compiled(operation: Operation, forms: dict[str, Callable[..., Any]]) -> Callable[[], Any]:
    function, arguments = operation
    jax.clear_caches()
    with plainly(forms):
        program = jax.jit(lambda *arguments: function(*arguments)).lower(*arguments).compile()
    return lambda: jax.block_until_ready(program(*arguments))


def seconds(program: Callable[[], Any], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        program()
    return (time.perf_counter() - start) / calls


def compare(operation: Operation, detours: tuple[str, ...], rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds with each detour and with its plain form, and their ratios."""
    program = compiled(operation, {})
    programs = {"": program} | {name: compiled(operation, PLAIN[name]) for name in detours}
    expected = program()
    for name, plain in programs.items():
        for one, other in zip(jax.tree.leaves(expected), jax.tree.leaves(plain()), strict=True):
            if not np.allclose(one, other, rtol=1e-2, atol=1e-3 * np.abs(one).max()):
                raise ArithmeticError(f"the plain form of {name} computes something else")
    calls = {name: math.ceil(SHORTEST / seconds(plain, 2)) for name, plain in programs.items()}
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, plain in programs.items():
            times[name].append(seconds(plain, calls[name]))
    found = {}
    for name in detours:
        lower, ratio, upper = np.quantile(np.array(times[name]) / np.array(times[""]), (0.25, 0.5, 0.75))
        found[name] = {
            "detour_milliseconds": 1e3 * float(np.median(times[""])),
            "plain_milliseconds": 1e3 * float(np.median(times[name])),
            "ratio": float(ratio),
            "lower_quartile": float(lower),
            "upper_quartile": float(upper),
        }
    return found


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="", help="operations whose name holds this word")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    machine = {"processor": platform.machine(), "cores": cores()}
    results: dict[str, Any] = {}
    print("| operation | detour | milliseconds | plain | ratio |\n|---|---|---|---|---|")
    for label, (detours, make) in OPERATIONS.items():
        if options.only not in label:
            continue
        with jax.enable_x64(label.startswith("solve")):
            results[label] = compare(make(), detours, options.rounds)
        for name, row in results[label].items():
            spread = f"{row['ratio']:.2f} ({row['lower_quartile']:.2f} to {row['upper_quartile']:.2f})"
            times = f"{row['detour_milliseconds']:.2f} | {row['plain_milliseconds']:.2f}"
            print(f"| {label} | {name} | {times} | {spread} |", flush=True)
        write(options.json, {"rounds": options.rounds, "batch": BATCH, **machine, "rows": results})


if __name__ == "__main__":
    main()
