"""The equations of data files: how their problems are drawn, and how they are solved again.

They use solvers, random fields and grids. They offer `UnitSquare`, `Equation`, `Problem` and the registry of known
equations, `EQUATIONS`.
"""
