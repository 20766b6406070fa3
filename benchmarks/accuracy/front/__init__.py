"""Error against time of plain solvers and trained operators; `__main__` is the command line."""
