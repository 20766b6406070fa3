"""Gaussian random fields and the laws that make coefficients of them.

It uses `pde.grids` and `pde.system`. It offers `gaussian_field`, the laws `TwoPhase`, `KPhase` and `LogNormal`,
and their `Mixture`.
"""
