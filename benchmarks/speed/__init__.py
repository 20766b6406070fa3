"""The time, the memory and the iterations that operators and solvers take, beside those of other libraries."""
