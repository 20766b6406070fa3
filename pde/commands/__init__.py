"""The commands of `manojax`, one in each file: flags and printed text. `pde.cli` runs them."""
