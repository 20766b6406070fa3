"""Pages and drawings of `docs/`, written from the results that the other benchmarks left."""
