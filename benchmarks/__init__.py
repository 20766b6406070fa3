"""Benchmarks: every figure of the documents comes from one of them, and stands in `results/`.

Each is a module with a command line, run from the root of the repository:

    python -m benchmarks.speed.solvers --help

- `accuracy`: errors of operators and of coarse solves, and how far schemes are apart;
- `speed`: time, memory and iterations;
- `reliability`: faults that commands survive;
- `published`: settings of published tables, made for a GPU;
- `pages`: pages and drawings of `docs/`, made from the results.

They use `manojax` and `pde`, and no benchmark uses another. The package offers `record`, `study`, `pace`,
`programs` and `fronts` to all rooms. Code that the benchmarks of one room share stands there, in modules without a
command line.
"""
