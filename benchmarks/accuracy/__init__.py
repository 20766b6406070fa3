"""Errors of operators and of coarse solves, the least errors that they can have, and how far schemes are apart.

The room uses `manojax`, `pde` and the modules that `benchmarks` shares. It offers a command line in every file but
`schemes` and `laws`, which several of its benchmarks share.
"""
