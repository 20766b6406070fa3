"""The experiments of MANO's paper (arXiv 2507.02748) and their ablations; `__main__` is their command line."""
