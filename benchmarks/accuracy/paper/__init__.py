"""The experiments of MANO's paper (arXiv 2507.02748) and their ablations.

The room uses `manojax`, `pde`, `benchmarks.published.data` and the modules that `benchmarks` shares. It offers one
command line, `__main__`, with a section for each of `models`, `ablations`, `transfer`, `interfaces`, `solves` and
`cost`.
"""
