"""Fast multipole attention in NumPy float64, by loops over every query, level, group and summary.

From the definition alone: each query gathers its own list of entries (logit, number of keys, value) and takes one
softmax over it. Groups and summaries hold real points only: there is no padding to leak.
"""

import itertools

import numpy as np


def blocks(shape, side):
    """Cells of `side` entries a side that cover a grid: cell -> its entries as (place in the cell, position)."""
    cells = {}
    for position in itertools.product(*map(range, shape)):
        cell = tuple(i // side for i in position)
        place = 0
        for i in position:
            place = place * side + i % side
        cells.setdefault(cell, []).append((place, position))
    return cells


def summarise(entries, shape, side, weights):
    """Summaries of cells of entries {position: (vectors, count)}, and the shape of their grid."""
    coarse = {}
    for cell, members in blocks(shape, side).items():
        count = sum(entries[position][1] for _, position in members)
        total = sum(weights[place] * entries[position][1] * entries[position][0] for place, position in members)
        coarse[cell] = (total / count, count)
    return coarse, tuple(-(-n // side) for n in shape)


def pyramid(x, side, weights, levels):
    """Summaries of an array (*grid, heads, head_dim) at every level."""
    shape = x.shape[:-2]
    entries = {position: (x[position], 1) for position in itertools.product(*map(range, shape))}
    found = []
    for level in range(levels):
        entries, shape = summarise(entries, shape, 2 if level else side, weights[min(level, len(weights) - 1)])
        found.append(entries)
    return found


def distance(one, other):
    return max(abs(i - j) for i, j in zip(one, other, strict=True))


def fast_multipole_attention(x, weights, *, heads, group, summaries, causal=False, summarise_queries=False):
    """x (*grid, channel); weights: query_key_value, output, output_bias; keys, values, queries (lists)."""
    grid, channel = x.shape[:-1], x.shape[-1]
    query, key, value = (
        part.reshape(*grid, heads, -1) for part in np.split(x @ weights["query_key_value"], 3, axis=-1)
    )
    query = query / np.sqrt(channel // heads)
    levels, largest = 0, max(grid)
    while largest > 2 * group * 2**levels:
        levels += 1
    keys = pyramid(key, group // summaries, weights["keys"], levels)
    values = pyramid(value, group // summaries, weights["values"], levels)
    queries = pyramid(query, group // summaries, weights["queries"], levels) if summarise_queries else []

    attended = np.zeros_like(value)
    for i in itertools.product(*map(range, grid)):
        entries = []  # (logit of each head, number of keys, value)
        own = tuple(n // group for n in i)
        for j in itertools.product(*map(range, grid)):
            near = distance(own, tuple(n // group for n in j)) <= 1
            if near and not (causal and j > i):
                entries.append(((query[i] * key[j]).sum(axis=-1), 1, value[j]))
        for level in range(levels):
            own = tuple(n // (group * 2**level) for n in i)
            asked = query[i]
            if summarise_queries:
                side = group // summaries * 2**level
                asked = queries[level][tuple(n // side for n in i)][0]
            for place, (summary, count) in keys[level].items():
                there = tuple(n // summaries for n in place)
                parents_meet = distance([n // 2 for n in own], [n // 2 for n in there]) <= 1
                if distance(own, there) > 1 and parents_meet and not (causal and there > own):
                    entries.append(((asked * summary).sum(axis=-1), count, values[level][place][0]))
        logits = np.array([logit for logit, _, _ in entries])
        counts = np.array([count for _, count, _ in entries])[:, None]
        shares = counts * np.exp(logits - logits.max(axis=0))
        shares /= shares.sum(axis=0)
        attended[i] = sum(share[:, None] * entry[2] for share, entry in zip(shares, entries, strict=True))
    return attended.reshape(x.shape) @ weights["output"] + weights["output_bias"]
