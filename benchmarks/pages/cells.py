"""The contents of tables: rows, rounded numbers, and the machine below them."""

import statistics
from collections.abc import Iterable, Sequence
from typing import Any

Results = dict[str, Any]

FACES = {
    "arithmetic": "strided coefficient, arithmetic faces",
    "harmonic": "strided coefficient, harmonic faces",
    "mean": "mean of these two solutions",
    "upscaled": "faces upscaled from the fine coefficient",
}
"""Coarse solves by the conductances between their points."""


def table(results: Results, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with the machine below it, as far as the results record it."""
    lines = [header, ["---", *["--:"] * (len(header) - 1)], *rows]
    versions = results["versions"]
    named = ", ".join(f"{name} {versions[name]}" for name in ("python", "jax", "flax", "numpy", "scipy"))
    below = f"<small>{machine(results)}; {named}</small>"
    return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), "", below])


def machine(results: Results) -> str:
    cores = results.get("cores", results.get("threads", results.get("pace", {}).get("cores")))
    where = (
        "a CPU whose number of cores was not recorded" if cores is None else f"{cores} CPU core{'s' * (cores > 1)}"
    )
    return f"{where} ({results['processor model']})" if "processor model" in results else where


def mean(rows: Iterable[Results], key: str) -> str:
    return f"{statistics.mean(row[key] for row in rows):.4f}"


def milliseconds(row: Results) -> str:
    return f"{1000 * row['seconds']:.0f}"


def size(parameters: int) -> str:
    rounded = f"{parameters / 1e6:.2f} M" if parameters >= 1e6 else f"{parameters / 1e3:.0f} k"
    return rounded if parameters else "none"
