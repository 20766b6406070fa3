"""Faults and long runs that commands survive.

The room uses `manojax`, `pde` and `benchmarks.record`. It offers `faults`, `full_disk`, `fuzz`, `preemption`,
`soak` and `streaming`, each a command line; `command` holds what they have in common.
"""
