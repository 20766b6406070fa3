"""Faults and long runs that commands survive; `command` holds what their benchmarks have in common."""
