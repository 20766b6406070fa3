"""Multipole attention in NumPy float64, by loops over windows and levels, from the formulas alone.

Windows hold real points only and cells sum over real points only: there is no padding to leak. Any number of axes.
"""

import itertools
import math

import numpy as np

from tests.layers.convolution_reference import convolution


def window_starts(length, window, stride, shift=0):
    starts = [-shift]
    while starts[-1] + window < length:
        starts.append(starts[-1] + stride)
    return starts


def window_attention(query, key, value, window, stride, shift=0, bias=None):
    """(*grid, heads, head_dim) each; the mean over the windows that hold a point.

    `bias`, if given, is a function of (query place, key place), giving one number a head.
    """
    grid, heads = query.shape[:-2], query.shape[-2]
    total, count = np.zeros_like(value), np.zeros((*grid, 1, 1))
    axes = []
    for length in grid:
        clipped = window >= length
        starts = window_starts(length, min(window, length), stride, 0 if clipped else shift)
        axes.append([range(max(s, 0), min(s + min(window, length), length)) for s in starts])
    for ranges in itertools.product(*axes):
        places = list(itertools.product(*ranges))
        for place in places:
            for head in range(heads):
                logits = np.array([query[place][head] @ key[other][head] for other in places])
                if bias is not None:
                    logits += [bias(place, other)[head] for other in places]
                weights = np.exp(logits)
                for weight, other in zip(weights / weights.sum(), places, strict=True):
                    total[place][head] += weight * value[other][head]
            count[place] += 1
    return total / count


def multipole_attention(
    x,
    levels,
    *,
    heads,
    window,
    stride,
    rate,
    shift=0,
    most_levels=math.inf,
    level_sum="plain",
    down="learned",
    up="learned",
    cosine=False,
    kernel=None,
    norm=None,
):
    """x (*grid, channel); `levels` holds the weights of each level (the last serves all that follow) by name.

    query_key_value, output, output_bias, down, up, and where the options ask for them gate, gate_bias, log_scale,
    and bias: a function (level, offset in points) -> one number a head. A `kernel` and its bias are those of the
    convolution at the finest level, whose attention the first weights are of the next; `norm` holds scale and bias
    of the layer normalisation of a cycle.
    """

    def of(level):
        return levels[min(level, len(levels) - 1)]

    def attention(level, x):
        if norm is not None:
            centred = x - x.mean(axis=-1, keepdims=True)
            x = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-6) * norm[0] + norm[1]
        if kernel is not None:
            if level == 0:
                return convolution(x, *kernel)
            level -= 1
        weights = of(level)
        parts = np.split(x @ weights["query_key_value"], 3, axis=-1)
        query, key, value = (part.reshape(*x.shape[:-1], heads, -1) for part in parts)
        if cosine:
            query = query / np.linalg.norm(query, axis=-1, keepdims=True)
            query = query * np.exp(np.minimum(weights["log_scale"], np.log(100)))[:, None]
            key = key / np.linalg.norm(key, axis=-1, keepdims=True)
        else:
            query = query / np.sqrt(query.shape[-1])
        bias = None
        if "bias" in weights:

            def bias(place, other):
                return weights["bias"](level, tuple(np.subtract(other, place)))

        attended = window_attention(query, key, value, window, stride, shift, bias).reshape(x.shape)
        return attended @ weights["output"] + weights["output_bias"]

    def coarser(level, x):
        channel, dimensions = x.shape[-1], x.ndim - 1
        coarse = np.zeros((*(-(-n // rate) for n in x.shape[:-1]), channel))
        count = np.zeros((*coarse.shape[:-1], 1))
        for place in np.ndindex(*x.shape[:-1]):
            cell, inside = tuple(p // rate for p in place), tuple(p % rate for p in place)
            if down == "learned":
                kernel = of(level)["down"].reshape(*[rate] * dimensions, channel, channel)
                coarse[cell] += x[place] @ kernel[inside]
            else:
                coarse[cell] += x[place]
                count[cell] += 1
        return coarse if down == "learned" else coarse / count

    def finer(level, x, grid):
        channel, dimensions = x.shape[-1], x.ndim - 1
        fine = np.zeros((*grid, channel))
        for place in np.ndindex(*grid):
            cell, inside = tuple(p // rate for p in place), tuple(p % rate for p in place)
            if up == "learned":
                kernel = of(level)["up"].reshape(channel, *[rate] * dimensions, channel)
                fine[place] = x[cell] @ kernel[(slice(None), *inside)]
            else:
                fine[place] = x[cell]
        return fine

    maps = [x]
    while max(maps[-1].shape[:-1]) > window and len(maps) < most_levels:
        maps.append(coarser(len(maps) - 1, maps[-1]))
    count = len(maps)
    if level_sum == "cycle":
        total = attention(count - 1, maps[-1])
        for level in reversed(range(count - 1)):
            total = attention(level, maps[level] + finer(level, total, maps[level].shape[:-1]))
        return total
    # The sum as the paper writes it: each level brought up on its own, with the weight that the kind of sum gives.
    total = np.zeros_like(x)
    for level in range(count):
        field = attention(level, maps[level])
        for below in reversed(range(level)):
            field = finer(below, field, maps[below].shape[:-1])
            if level_sum == "reference":
                field = field / (count - 1 - below)
            elif level_sum == "gated":
                weights = of(below)
                field = field / (1 + np.exp(-(maps[below] @ weights["gate"] + weights["gate_bias"])))
        total += field
    return total
