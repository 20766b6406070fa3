"""Darcy flow: the random problem, its solution by the published procedure, coarse solves and polishing.

It uses the same rooms as `pde.equations`, and `manojax` for its learned equation. It offers `Darcy`,
`coarse_solve`, `solve_cells` and `polish`.
"""
