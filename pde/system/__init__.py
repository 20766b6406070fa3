"""Files, locks, signals, processes, progress, timing and the exception for bad input.

It uses nothing of the project, and every room may use it. It offers `InputError` and small helpers for commands
and long work.
"""
