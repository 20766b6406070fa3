"""Benchmarks: every figure of the documents comes from one of them, and stands in `results/`.

Each is a module with a command line, run from the root of the repository:

    python -m benchmarks.speed.solvers --help

- `accuracy`: errors of operators and of coarse solves, and how far schemes are apart;
- `speed`: time, memory and iterations;
- `reliability`: faults that commands survive;
- `published`: settings of published tables, made for a GPU;
- `pages`: pages and drawings of `docs/`, made from the results.

No benchmark imports another. Code that several of them need stands in `record`, `study`, `pace` or `fronts`, or in
a module of their room that has no command line.
"""
