"""Grids of points, restriction to coarser grids, and the symmetries that a grid has.

It uses `pde.system` and `manojax.layers.coordinates`. It offers `Grid`, `cell_means` and `Symmetry`, which flips
and transposes fields.
"""
