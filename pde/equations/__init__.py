"""The equations that data files can be of: how their problems are drawn, and how they are solved again.

They use solvers, random fields, metrics and grids. They offer `Equation`, `Problem` and the registry of known
equations.
"""
