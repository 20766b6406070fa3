"""Darcy flow: the random problem, its solution by the published procedure, coarse solves and polishing.

It uses what `pde.equations` may use. It offers `Darcy`, `coarse_solve`, `solve_cells` and `polish`.
"""
