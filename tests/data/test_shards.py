from pathlib import Path

import jax
import pytest

from pde.data.shards import Shard, output_files, parse_splits
from pde.system.errors import InputError

OUT = Path("folder/darcy.h5")


@pytest.mark.parametrize(("samples", "count"), [(7, 3), (7, 1), (7, 7), (1000, 64), (5, 4)])
def test_shards_are_even_and_leave_nothing_out(samples, count):
    ranges = [output_files(OUT, samples, Shard(index, count))[0].indices for index in range(1, count + 1)]
    assert [index for indices in ranges for index in indices] == list(range(samples))
    lengths = [len(indices) for indices in ranges]
    assert max(lengths) - min(lengths) <= 1


def test_splits_are_consecutive_and_sharded_each():
    splits = {"train": 10, "validation": 3, "test": 4}
    names = ["darcy-train.h5", "darcy-validation.h5", "darcy-test.h5"]
    whole = output_files(OUT, splits, None)
    assert [(part.path.name, part.indices) for part in whole] == list(
        zip(names, (range(10), range(10, 13), range(13, 17)), strict=True)
    )
    second = output_files(OUT, splits, Shard(2, 2))
    assert [part.indices for part in second] == [range(5, 10), range(11, 13), range(15, 17)]
    assert second[2].path == Path("folder/darcy-test-shard-2-of-2.h5")


def test_the_share_of_a_process_follows_from_its_index(monkeypatch):
    assert Shard.of_process() is None
    monkeypatch.setattr(jax, "process_count", lambda: 4)
    monkeypatch.setattr(jax, "process_index", lambda: 2)
    assert Shard.of_process() == Shard(3, 4)


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "-1/3", "1/3/5", "a/b", "", "1 / 3"])
def test_a_shard_that_makes_no_sense_is_refused(text):
    with pytest.raises(InputError, match="from 1 to n"):
        Shard.parse(text)


def test_more_shards_than_samples_are_refused():
    with pytest.raises(InputError, match=r"shard 1/4: folder/darcy-test.h5 has 3 samples"):
        output_files(OUT, {"train": 10, "test": 3}, Shard(1, 4))


@pytest.mark.parametrize(
    "text", ["", "train", "train=", "=5", "train=0", "train=-2", "train=3,", "a=1,a=2", "../a=1", "a b=1", "a=1.5"]
)
def test_splits_that_make_no_sense_are_refused(text):
    with pytest.raises(InputError, match="--splits"):
        output_files(OUT, parse_splits(text), None)
