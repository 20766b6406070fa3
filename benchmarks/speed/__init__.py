"""The time, the memory and the iterations that operators and solvers take, beside those of other libraries.

The room uses `manojax`, `pde`, the modules that `benchmarks` shares, and the page of `gpu`. It offers a command
line in every file, such as `solvers` and `operators`.
"""
