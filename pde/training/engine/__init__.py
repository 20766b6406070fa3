"""Optimiser steps on batches, many in one compiled call, shared by devices.

It uses `pde.system` alone and knows no equation. It offers `Stepper`, `make_step`, optimisers and feeders.
"""
