"""Optimiser steps on batches, many in one compiled call, shared by devices.

It uses `pde.system` and `manojax.layers.halo`, and knows no equation. It offers `Stepper`, `make_step`,
`make_optimiser` and the feeders `Resident` and `Streamed`.
"""
