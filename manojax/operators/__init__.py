"""The operators, one model a file, with their registry, anchoring and sharding.

They use `manojax.layers` alone: arrays in, arrays out. `manojax` offers each operator and its options by name.
"""
