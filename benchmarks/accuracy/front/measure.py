"""Errors and times of the schemes of the front."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Float

from benchmarks.accuracy.front.entries import Entry
from benchmarks.fronts import finalists
from pde.data.data_file import DataFile
from pde.system.machine import cores
from pde.system.timing import medians_in_turn, times_in_turn

BATCH = 16
GROUP = 40
"""Programs kept at the same time: each takes up to 1500 memory maps, of which Linux gives a process 65530."""


def measured(entries: list[Entry], test: DataFile, rounds: int) -> list[dict[str, Any]]:
    """Measure errors and times of all entries, group by group."""
    inputs, solutions = test.read_inputs()[..., 0], test.read_outputs()[..., 0]
    rows = []
    for first in range(0, len(entries), GROUP):
        rows += _measured_in_turn(entries[first : first + GROUP], inputs, solutions, rounds)
        jax.clear_caches()
    return rows


def _measured_in_turn(
    entries: list[Entry],
    inputs: Float[np.ndarray, "sample height width"],
    solutions: Float[np.ndarray, "sample height width"],
    rounds: int,
) -> list[dict[str, Any]]:
    def measure(entry: Entry) -> dict[str, Any]:
        errors = [_error(entry.call(a), u) for a, u in zip(inputs, solutions, strict=True)]
        print(f"{entry.family:28} {entry.nodes:4} {entry.carried_by:11} {np.mean(errors):.5f}", flush=True)
        return {
            "family": entry.family,
            "nodes": entry.nodes,
            "carried by": entry.carried_by,
            "measures": entry.measures,
            "trained": entry.trained,
            "relative_l2": float(np.mean(errors)),
        }

    with ThreadPoolExecutor(cores()) as pool:  # compilation takes most of the time
        rows = list(pool.map(measure, entries))
    singles, batches = _times(entries, inputs, rounds)
    return [row | _described(*times) for row, *times in zip(rows, singles, batches, strict=True)]


def timed_again(
    entries: list[Entry], rows: list[dict[str, Any]], measure: str, test: DataFile, rounds: int
) -> list[dict[str, Any]]:
    """Time the schemes near a measure's fronts again, in turn; return their rows, with times over two passes."""
    chosen = finalists(rows, measure, GROUP)
    calls, inputs = [entries[number] for number in chosen], test.first(BATCH).read_inputs()[..., 0]
    passes = [_times(calls, inputs, rounds) for _ in range(2)]
    singles = np.concatenate([single for single, _ in passes], axis=1)
    batches = np.mean([batch for _, batch in passes], axis=0)
    medians = np.array([np.median(single, axis=1) for single, _ in passes])
    ratios = (medians.max(axis=0) / medians.min(axis=0)).tolist()
    jax.clear_caches()
    return [
        rows[number] | _described(*times) | {"pass to pass": ratio}
        for number, ratio, *times in zip(chosen, ratios, singles, batches, strict=True)
    ]


def _times(
    entries: list[Entry], inputs: Float[np.ndarray, "sample height width"], rounds: int
) -> tuple[Float[np.ndarray, "entry round"], Float[np.ndarray, " entry"]]:
    """Return milliseconds of single calls, and their medians for a sample in batches."""
    singles = times_in_turn([partial(entry.call, inputs[0]) for entry in entries], rounds)
    batch = list(inputs[:BATCH])
    with ThreadPoolExecutor(cores()) as pool:
        calls = [lambda call=entry.call: list(pool.map(call, batch)) for entry in entries]
        in_batches = medians_in_turn(calls, max(3, rounds // 5))
    return singles.T, np.array(in_batches) / len(batch)


def _described(single: Float[np.ndarray, " round"], in_batches: float) -> dict[str, Any]:
    low, middle, high = np.percentile(single, [25, 50, 75]).tolist()
    return {"milliseconds": middle, "quartiles": [low, high], "milliseconds in batches": float(in_batches)}


def _error(found: Float[np.ndarray, "rows columns"], true: Float[np.ndarray, "height width"]) -> float:
    stride = (len(true) - 1) // (len(found) - 1)
    at_nodes = true[::stride, ::stride]
    return float(np.linalg.norm(found - at_nodes) / np.linalg.norm(at_nodes))
