"""The table of the published set: what papers report beside coarse solves."""

from typing import Any

from benchmarks.pages.cells import FACES, table
from benchmarks.published.records import RECORDS
from benchmarks.record import load


def published_set() -> str:
    """Return records by operator, then coarse solves, each with its columns for every grid that has records."""
    found = load("coarse_solve_canonical")
    solved = {points: found["relative_l2"][str(points)] for points in RECORDS}
    papers = {each.name: each.paper for records in RECORDS.values() for each in records}
    reported = {(each.name, points): each.relative_l2 for points, records in RECORDS.items() for each in records}
    rows = []
    for name, paper in papers.items():
        errors = (reported.get((name, points)) for points in RECORDS)
        columns = (("", "") if error is None else (f"{error:.4f}", "") for error in errors)
        rows.append([f"{name} ([{paper}](https://arxiv.org/abs/{paper}))", *sum(columns, ())])
    for faces, name in FACES.items():
        columns = (_solve(by_faces[faces]) for by_faces in solved.values())
        rows.append([f"coarse solve: {name}", *sum(columns, ())])
    header = [cell for points in RECORDS for cell in (f"{points} x {points}", "ms")]
    return table(found, ["relative L2", *header], rows)


def _solve(row: dict[str, Any]) -> tuple[str, str]:
    low, high = row["interval"]
    return f"{row['mean']:.4f} [{low:.4f}, {high:.4f}]", f"{row['milliseconds']:.0f}"
