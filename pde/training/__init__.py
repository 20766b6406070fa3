"""Training runs: data prepared, the loop of epochs, the test of symmetries, and what is measured at the end.

It uses surrogates and the rooms below. It offers `train`, `resume` and `make_loss`.
"""
