"""The record of the seconds that a data file took: beside the file, never inside."""

import json
import time

import pytest

from pde.data.cost import cost_of, record_of
from pde.data.generate import generate
from pde.data.merge import merge
from pde.data.shards import Shard
from pde.system.errors import InputError
from pde.system.machine import cores, processor
from tests.data.test_resumable import Numbers

PAUSE = 0.05


class Slow(Numbers):
    """Numbers of which each takes a while."""

    def samples(self, seed, indices):
        for sample in super().samples(seed, indices):
            time.sleep(PAUSE)
            yield sample


def seconds(path):
    return cost_of(path).seconds(cost_of(path).samples)


@pytest.fixture
def whole(tmp_path):
    generate(Slow(), tmp_path / "whole.h5", samples=6, seed=1)
    return tmp_path / "whole.h5"


def test_a_file_has_its_seconds_and_machine_beside_it(whole):
    saved = json.loads((whole.parent / "whole.h5.cost.json").read_text())
    assert saved["samples"] == 6
    [session] = saved["sessions"]
    assert session["seconds"] >= 6 * PAUSE
    assert (session["cores"], session["processor"]) == (cores(), processor())
    assert cost_of(whole).seconds(3) == pytest.approx(session["seconds"] / 2)


def test_the_file_has_the_same_bits_whatever_it_took(whole, tmp_path):
    generate(Numbers(), tmp_path / "fast.h5", samples=6, seed=1)
    assert seconds(tmp_path / "fast.h5") < seconds(whole)
    assert (tmp_path / "fast.h5").read_bytes() == whole.read_bytes()


def broken_off(path):
    with pytest.raises(KeyboardInterrupt):
        generate(Slow(stop=4), path, samples=6, seed=1)


def test_resumed_sessions_add_up(whole, tmp_path):
    path = tmp_path / "data.h5"
    broken_off(path)
    first = seconds(path)
    assert first >= 4 * PAUSE
    generate(Slow(), path, samples=6, seed=1, resume=True)
    cost = cost_of(path)
    assert (cost.samples, len(cost.sessions)) == (6, 2)
    assert seconds(path) >= first + 2 * PAUSE
    assert path.read_bytes() == whole.read_bytes()


def test_a_file_that_is_begun_anew_takes_nothing_over(tmp_path):
    path = tmp_path / "data.h5"
    broken_off(path)
    path.with_name(".data.h5.partial").unlink()
    generate(Numbers(), path, samples=6, seed=1)
    assert len(cost_of(path).sessions) == 1
    assert cost_of(path).samples == 6


def test_without_the_record_of_the_first_samples_the_cost_stays_unknown(tmp_path):
    path = tmp_path / "data.h5"
    broken_off(path)
    record_of(path).unlink()
    generate(Numbers(), path, samples=6, seed=1, resume=True)
    assert cost_of(path) is None


def test_a_merged_file_took_what_its_shards_took(whole, tmp_path):
    paths = [
        output.path
        for index in (1, 2)
        for output in generate(Slow(), tmp_path / "part.h5", samples=6, seed=1, shard=Shard(index, 2))
    ]
    merge(tmp_path / "merged.h5", paths)
    assert seconds(tmp_path / "merged.h5") == pytest.approx(sum(map(seconds, paths)))
    assert cost_of(tmp_path / "merged.h5").samples == 6
    assert (tmp_path / "merged.h5").read_bytes() == whole.read_bytes()
    (tmp_path / "merged.h5").unlink()
    record_of(paths[0]).unlink()
    merge(tmp_path / "merged.h5", paths)
    assert cost_of(tmp_path / "merged.h5") is None


@pytest.mark.parametrize("text", ["{", "[]", '{"samples": 6}', '{"samples": 6, "sessions": [{"seconds": "a"}]}'])
def test_a_damaged_record_is_refused(whole, text):
    record_of(whole).write_text(text)
    with pytest.raises(InputError, match=r"whole\.h5\.cost\.json is damaged .*; mend or remove it"):
        cost_of(whole)
