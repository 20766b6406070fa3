"""Grids of points, restriction to coarser grids, and the symmetries that a grid has.

It uses only `pde.system`. It offers `Grid`, cell means and the flips and transposes of fields.
"""
