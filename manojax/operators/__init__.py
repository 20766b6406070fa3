"""The operators, one model a file, with their registry, anchoring and sharding.

They use `manojax.layers` alone. They offer the interface `Operator` with `ModelConfig`, every model in `MODELS`,
`create`, `Anchored`, `sharded` and `from_neuraloperator`.
"""
