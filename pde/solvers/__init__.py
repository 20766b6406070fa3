"""Finite-difference solvers for -div(a grad u) = f, which know no equation of a data file.

They use `pde.grids` and `pde.system`. They offer `solve`, conductances, residuals and the checks of what can be
solved.
"""
