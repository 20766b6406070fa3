"""Data files: reading every format, writing our own, generating, merging and converting.

It uses equations, metrics and grids. It offers `open`, `DataFile`, `generate`, `merge` and `convert`.
"""
