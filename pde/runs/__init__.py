"""Run folders: their description, their configuration, and their checkpoints.

They use preprocessing and the rooms below. They offer `Run`, `Description`, `TrainingConfig` and `Checkpoints`.
"""
