"""The commands of `manojax`, one a file: flags, and what is printed. `pde.cli` runs them."""
