"""Finite-difference solvers for -div(a grad u) + c u = f, independent of the equations of data files.

They use `pde.grids`, `pde.system` and `manojax.xla_cpu`. They offer `solve`, `solve_on`, `conductances`,
`upscale`, `relative_residual` and `check_solvable`.
"""
