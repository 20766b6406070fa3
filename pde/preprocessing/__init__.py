"""What a model sees of the fields of a data file: restriction, normalisation, and batches that suit the machine.

It uses data and the rooms below. It offers `Observation` and `Normalisation`.
"""
