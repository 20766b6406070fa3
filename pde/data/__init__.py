"""Data files: reading every format, writing our own, generating, merging and converting.

It uses grids and, from equations, only the interface of a problem. It offers `open`, `DataFile`, `generate`,
`merge` and `convert`.
"""
