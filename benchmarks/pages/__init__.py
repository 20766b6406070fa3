"""Pages and drawings of `docs/`, written from the results that the other benchmarks left.

The room uses `pde`, the modules that `benchmarks` shares, and of other rooms the names of their cases and
published errors. It offers the command lines `tables`, `reliability` and `drawing`.
"""
