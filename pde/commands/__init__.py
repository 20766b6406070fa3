"""The commands of `manojax`, one in each file, which `pde.cli` runs: flags and printed text.

They use sweeps and the rooms below. They offer a class for each command, such as `Train` and `Evaluate`, which
holds its flags and runs it.
"""
