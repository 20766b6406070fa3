"""Pieces of a batch that are computed one after the other, so that each fits the cache."""

import math

import jax

# `benchmarks/speed/pieces.py`: larger pieces of a training step leave the cache of a CPU, smaller ones waste time.
_MOST_POINTS = {"cpu": 10_000}


def pieces(samples: int, points: int) -> int:
    """Return the number of equal pieces to divide a device's samples into, each of `points` points.

    On CPUs a piece has at most ten thousand points, or is a single sample; an accelerator computes all samples at
    once.
    """
    most = _MOST_POINTS.get(jax.default_backend(), math.inf)
    divisors = (n for n in range(1, samples + 1) if samples % n == 0)
    return next((n for n in divisors if samples // n * points <= most), samples)
