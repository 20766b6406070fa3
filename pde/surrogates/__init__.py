"""Trained operators as functions of physical fields: loading, predicting and exporting.

They use runs and the rooms below. They offer `Surrogate`, `load`, `export_run` and `load_exported`.
"""
