"""Multipole attention in NumPy float64, by loops over windows and levels, from the formulas alone.

Windows hold real points only and cells sum over real points only: there is no padding to leak.
"""

import numpy as np


def window_starts(length, window, stride):
    starts = [0]
    while starts[-1] + window < length:
        starts.append(starts[-1] + stride)
    return starts


def window_attention(query, key, value, window, stride):
    """(height, width, heads, head_dim) each; the mean over the windows that hold a point."""
    height, width, heads, head_dim = query.shape
    total, count = np.zeros_like(value), np.zeros((height, width, 1, 1))
    for i in window_starts(height, min(window, height), stride):
        for j in window_starts(width, min(window, width), stride):
            rows, columns = slice(i, min(i + window, height)), slice(j, min(j + window, width))
            for head in range(heads):
                q, k, v = (part[rows, columns, head].reshape(-1, head_dim) for part in (query, key, value))
                weights = np.exp(q @ k.T / np.sqrt(head_dim))
                attended = weights @ v / weights.sum(axis=1, keepdims=True)
                total[rows, columns, head] += attended.reshape(value[rows, columns, head].shape)
            count[rows, columns] += 1
    return total / count


def multipole_attention(x, weights, *, heads, window, stride, rate):
    """x (height, width, channel); weights by name: query_key_value, output, output_bias, down, up."""

    def attention(level):
        parts = np.split(level @ weights["query_key_value"], 3, axis=-1)
        split = [part.reshape(*level.shape[:2], heads, -1) for part in parts]
        attended = window_attention(*split, window, stride).reshape(level.shape)
        return attended @ weights["output"] + weights["output_bias"]

    def down(level):
        height, width, channel = level.shape
        coarse = np.zeros((-(-height // rate), -(-width // rate), channel))
        kernel = weights["down"].reshape(rate, rate, channel, channel)
        for i in range(height):
            for j in range(width):
                coarse[i // rate, j // rate] += level[i, j] @ kernel[i % rate, j % rate]
        return coarse

    def up(level, shape):
        channel = level.shape[-1]
        kernel = weights["up"].reshape(channel, rate, rate, channel)
        fine = np.zeros((*shape, channel))
        for i in range(shape[0]):
            for j in range(shape[1]):
                fine[i, j] = level[i // rate, j // rate] @ kernel[:, i % rate, j % rate]
        return fine

    levels = [x]
    while max(levels[-1].shape[:2]) > window:
        levels.append(down(levels[-1]))
    total = np.zeros_like(x)
    for depth, level in enumerate(levels):
        field = attention(level)
        for finer in reversed(levels[:depth]):
            field = up(field, finer.shape[:2])
        total += field
    return total
