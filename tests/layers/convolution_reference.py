"""Convolutions and changes of level in NumPy float64, by loops over real points: there is no padding to leak."""

import itertools

import numpy as np


def convolution(x, kernel, bias=0.0):
    """x (height, width, channel), kernel (3, 3, channel, out): the sum over the neighbours that exist."""
    height, width, _ = x.shape
    out = np.zeros((height, width, kernel.shape[-1])) + bias
    for i, j, a, b in itertools.product(range(height), range(width), range(3), range(3)):
        row, column = i + a - 1, j + b - 1
        if 0 <= row < height and 0 <= column < width:
            out[i, j] += x[row, column] @ kernel[a, b]
    return out


def coarse_shape(x):
    return -(-x.shape[0] // 2), -(-x.shape[1] // 2)


def mean_of_cells(x):
    rows, columns = coarse_shape(x)
    means = [
        [x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].mean(axis=(0, 1)) for j in range(columns)] for i in range(rows)
    ]
    return np.array(means)


def sum_of_cells(x, matrix):
    """matrix (4 channels, out) from the points of a cell, row by row, to its coarse point."""
    kernel = matrix.reshape(2, 2, x.shape[-1], -1)
    coarse = np.zeros((*coarse_shape(x), kernel.shape[-1]))
    for i, j in itertools.product(range(x.shape[0]), range(x.shape[1])):
        coarse[i // 2, j // 2] += x[i, j] @ kernel[i % 2, j % 2]
    return coarse


def spread(coarse, matrix, shape):
    """matrix (channels, 4 out) from a coarse point to the points of its cell."""
    kernel = matrix.reshape(coarse.shape[-1], 2, 2, -1)
    fine = np.zeros((*shape, kernel.shape[-1]))
    for i, j in itertools.product(range(shape[0]), range(shape[1])):
        fine[i, j] = coarse[i // 2, j // 2] @ kernel[:, i % 2, j % 2]
    return fine
