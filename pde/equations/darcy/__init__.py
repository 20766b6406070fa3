"""Darcy flow: the random problem, its solution by the published procedure, coarse solves and polishing.

It may use the same packages as `pde.equations`. It offers `Darcy`, `coarse_solve`, `solve_cells` and `polish`.
"""
