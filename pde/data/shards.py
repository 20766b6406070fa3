"""Samples of a seed by file: splits are consecutive ranges, shards divide a range evenly."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax

from pde.system.errors import InputError


@dataclass(frozen=True)
class OutputFile:
    """A file, the indices of the samples it holds, and its attributes."""

    path: Path
    indices: range
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Shard:
    """File number `index`, from 1 to `count`, of the files that together hold a range."""

    index: int
    count: int

    def __str__(self):
        return f"{self.index}/{self.count}"

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Parse a shard from i/n.

        Raises:
            InputError: the text has another form, or i is not from 1 to n.
        """
        found = re.fullmatch("([0-9]+)/([0-9]+)", text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise InputError(f"--shard {text} must be i/n with i from 1 to n, such as 2/3")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of_process(cls) -> "Shard | None":
        """The share of this process under `jax.distributed`; None if there is only one."""
        return cls(jax.process_index() + 1, jax.process_count()) if jax.process_count() > 1 else None

    def output_file(self, out: Path, whole: range) -> OutputFile:
        """Return the file of this shard of the range that `out` would hold.

        Raises:
            InputError: fewer samples than shards.
        """
        if self.count > len(whole):
            raise InputError(f"shard {self}: {out} has {len(whole)} samples; take that many shards at most")
        start, stop = (len(whole) * edge // self.count for edge in (self.index - 1, self.index))
        indices = whole[start:stop]
        attributes = {
            "shard": str(self),
            "first_index": indices.start,
            "whole_first_index": whole.start,
            "whole_samples": len(whole),
        }
        return OutputFile(_suffixed(out, f"shard-{self.index}-of-{self.count}"), indices, attributes)


def unsharded_file(out: Path, whole: range) -> OutputFile:
    """A range in one file."""
    return OutputFile(out, whole, {"first_index": whole.start})


def output_files(out: Path, samples: int | Mapping[str, int], shard: Shard | None) -> list[OutputFile]:
    """Return the files that one command writes: one, or one for each split, each whole or as a shard.

    Raises:
        InputError: fewer than 1 sample, or than shards, or a split whose name is not a plain word.
    """
    make = shard.output_file if shard else unsharded_file
    if isinstance(samples, int):
        if samples < 1:
            raise InputError(f"--samples {samples} must be at least 1")
        return [make(out, range(samples))]
    split, start = [], 0
    for name, count in samples.items():
        if not re.fullmatch("[A-Za-z0-9_]+", name) or count < 1:
            raise InputError(
                f"--splits {name}={count}: give a name of letters and digits and a count of 1 or more"
            )
        split.append(make(_suffixed(out, name), range(start, start + count)))
        start += count
    return split


def parse_splits(text: str) -> dict[str, int]:
    """Numbers of samples by split from name=count,name=count.

    Raises:
        InputError: another form, or a name that comes twice.
    """
    pairs = [pair.partition("=") for pair in text.split(",")]
    if not all(re.fullmatch("-?[0-9]+", count) for _, _, count in pairs):
        raise InputError(f"--splits {text} must be name=count,name=count, such as train=1000,test=200")
    splits = {name: int(count) for name, _, count in pairs}
    if len(splits) < len(pairs):
        raise InputError(f"--splits {text} names a split twice; give each another name")
    return splits


def _suffixed(path: Path, word: str) -> Path:
    return path.with_name(f"{path.stem}-{word}{path.suffix}")
