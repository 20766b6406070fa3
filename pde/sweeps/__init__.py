"""Many trainings with one table at the end.

They use reports and the rooms below. They offer `sweep`.
"""
