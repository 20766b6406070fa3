"""The parts that operators are built of: attention, convolutions, spectral layers, pyramids and coordinates.

They use JAX and Flax alone and know no operator. `manojax` offers the ones that stand by themselves.
"""
