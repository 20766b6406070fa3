"""Errors of surrogates on many grids beside the baselines that they must beat.

It uses surrogates and the rooms below. It offers `evaluate`, `evaluate_together`, `compare`,
`coarse_baseline` and `breakeven`.
"""
