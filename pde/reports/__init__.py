"""Evaluations as text and as a page of HTML, and descriptions of files and runs.

They use training, evaluation and the rooms below. They offer `table`, `details`, `write_report` and `describe`.
"""
