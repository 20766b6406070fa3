"""The fields of a data file as a model sees them: restriction, normalisation, and batches that suit the machine.

It uses data and the rooms below. It offers `View`, `InputTransform` and `Normalisation`.
"""
