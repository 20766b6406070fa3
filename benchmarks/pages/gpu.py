"""The page of `benchmarks/speed/gpu.py`: what a GPU measured, section by section."""

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.pages.cells import Results, table

Section = dict[str, Any]


def page(found: Results) -> str:
    """Return a page of the sections that were run; without versions, of a run that has not ended."""
    blocks = [f"# {found['device']}"]
    for name, write in WRITERS.items():
        section = found.get(name)
        if section is None:
            continue
        text = failed(section) if "failed" in section else write(found | {"of": section})
        blocks += [f"## {name.capitalize()}", text]
    return "\n\n".join(blocks) + "\n"


def failed(section: Section) -> str:
    return f"Failed: {section['failed']}.\n\n{quoted(section['output'])}"


def tests(found: Results) -> str:
    section = found["of"]
    ended = {True: "All passed.", False: "Some failed.", None: "The time was over before the last test."}
    return f"{ended[section['passed']]}\n\n{quoted(section['output'])}"


def solver(found: Results) -> str:
    section = found["of"]
    side, bandwidth = section["side"], section["bytes a second"] / 1e9
    rows = [
        [kind, f"{row['seconds']:.2f}", f"{row['iterations']:.1f}", f"{row['residual']:.0e}"]
        for kind, row in ((kind, section[kind]) for kind in ("double", "single"))
    ]
    below = (
        f"In double precision the iterations move {section['fraction of bandwidth']:.2f} of the bytes that a pass "
        f"over a large array moves in the same time ({bandwidth:.0f} GB/s)."
    )
    above = f"{section['samples']} samples of {side} x {side} nodes, {section['at once']} at once."
    header = ["precision", "seconds", "iterations", "largest residual"]
    return f"{above}\n\n{table(found, header, rows)}\n\n{below}"


def steps(found: Results) -> str:
    section, peer = found["of"], found["of"]["neuraloperator"]
    rows = [
        [f"{row['model']}, {row['type']}", f"{1e3 * row['seconds']:.2f}", f"{row['bytes'] / 2**20:.0f}"]
        for row in section["rows"]
    ]
    if isinstance(peer, str):
        below = f"neuraloperator: {peer}."
    else:
        memory = "" if peer["bytes"] is None else f"{peer['bytes'] / 2**20:.0f}"
        rows.append([f"neuraloperator's FNO, torch {peer['torch']}", f"{1e3 * peer['seconds']:.2f}", memory])
        below = ""
    rates = ", ".join(
        f"{rate / 1e12:.1f} TFLOP/s in {name}" for name, rate in section["operations a second"].items()
    )
    above = f"Training steps of {section['batch']} samples, {section['side']} x {section['side']} points."
    products = f"Large products of matrices: {rates}."
    text = [above, table(found, ["", "ms a step", "MiB"], rows), products, below]
    return "\n\n".join(part for part in text if part)


def published(found: Results) -> str:
    section = found["of"]
    epochs, model = section["training"]["epochs"], section["model"]
    (row,), (coarse,) = model["rows"], section["coarse"]["rows"]
    errors = {
        f"{model['model']}, {epochs} epoch{'s' * (epochs > 1)}, {section['training_seconds']:.0f} s": row[
            "direct"
        ],
        "coarse solve, strided coefficient": coarse["arithmetic"],
        "coarse solve, upscaled": coarse.get("upscaled"),
        **{f"published, {name}": each for name, each in section["published"].items()},
    }
    rows = [[name, f"{each['relative_l2']:.4f}"] for name, each in errors.items() if each]
    return table(found, [section["setting"], "relative L2"], rows)


def quoted(lines: Sequence[str]) -> str:
    return "\n".join(["```text", *lines, "```"])


WRITERS: dict[str, Callable[[Results], str]] = {
    "tests": tests,
    "solver": solver,
    "steps": steps,
    "published": published,
}
