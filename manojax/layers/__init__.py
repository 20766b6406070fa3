"""The parts that operators are built of: attention, convolutions, spectral layers, pyramids and coordinates.

They use JAX, Flax and `manojax.xla_cpu`, and know no operator. They offer `MultipoleAttention`,
`FastMultipoleAttention`, `SpectralConv`, `interpolate` and the smaller parts of operators.
"""
