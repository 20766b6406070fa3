"""Error against time of plain solvers and trained operators.

The room uses `pde`, `benchmarks.accuracy.schemes` and the modules that `benchmarks` shares. It offers one command
line, `__main__`.
"""
