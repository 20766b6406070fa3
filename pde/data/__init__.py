"""Data files: reading every format, writing our own, generating, merging and converting.

It uses grids, metrics and, of equations, the interface of a problem alone. It offers `open`, `DataFile`,
`generate`, `merge` and `convert`.
"""
