"""Generation that is broken off, at any moment and in any way, and gone on with: the bytes are the same."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from dataclasses import dataclass, field, replace
from typing import ClassVar

import h5py
import numpy as np
import pytest

from pde.cli import main
from pde.data import generate as generation
from pde.data.generate import generate
from pde.equations.darcy.problem import Darcy
from pde.grids.grid import Grid
from pde.grids.kinds import Kinds
from pde.grids.outputs import outputs_of
from pde.system.errors import InputError
from pde.system.files import write_aside
from pde.system.versions import versions
from tests.command_line import PROGRAM


@dataclass(frozen=True)
class Numbers:
    """A problem without a solver, broken off by `error` before sample `stop`; it notes what it was asked for."""

    points: int = 4
    inputs: ClassVar[tuple[str, ...]] = ("coefficient",)
    kinds: ClassVar[Kinds] = Kinds()
    has_residual: ClassVar[bool] = True
    stop: int | None = None
    error: type[BaseException] = KeyboardInterrupt
    law: str = "normal"
    asked: list[int] = field(default_factory=list)

    @property
    def grid(self):
        return Grid((np.arange(self.points) / self.points, np.arange(self.points) / self.points))

    @property
    def outputs(self):
        return outputs_of(("solution",), "unknown", 2)

    def attributes(self):
        return {"law": self.law}

    def samples(self, seed, indices):
        for index in indices:
            if index == self.stop:
                raise self.error(f"sample {index}")
            self.asked.append(index)
            fields = np.random.default_rng((seed, index)).normal(size=(2, *self.grid.shape))
            yield {"coefficient": fields[0], "solution": fields[1], "residual": np.asarray(index * 1e-12)}


@pytest.fixture
def broken_off(tmp_path):
    """Six of ten samples, and the path of the file to come."""
    path = tmp_path / "data.h5"
    with pytest.raises(KeyboardInterrupt):
        generate(Numbers(stop=6), path, samples=10, seed=1)
    return path


@pytest.fixture
def whole(tmp_path):
    generate(Numbers(), tmp_path / "whole.h5", samples=10, seed=1)
    return (tmp_path / "whole.h5").read_bytes()


def partial(path):
    return path.with_name(f".{path.name}.partial")


def test_what_was_solved_is_not_solved_again_and_the_bytes_are_the_same(broken_off, whole):
    assert not broken_off.exists()
    rest = Numbers()
    generate(rest, broken_off, samples=10, seed=1, resume=True)
    assert rest.asked == [6, 7, 8, 9]
    assert broken_off.read_bytes() == whole
    assert not partial(broken_off).exists()


def test_a_full_disk_loses_nothing_either(tmp_path, whole):
    path = tmp_path / "data.h5"
    with pytest.raises(OSError, match="sample 3"):
        generate(Numbers(stop=3, error=OSError), path, samples=10, seed=1)
    rest = Numbers()
    generate(rest, path, samples=10, seed=1, resume=True)
    assert rest.asked[0] == 3
    assert path.read_bytes() == whole


def test_resume_starts_where_there_is_nothing_and_keeps_what_is_whole(tmp_path, whole):
    path = tmp_path / "data.h5"
    generate(Numbers(), path, samples=10, seed=1, resume=True)
    assert path.read_bytes() == whole
    again = Numbers()
    generate(again, path, samples=10, seed=1, resume=True)
    assert not again.asked
    assert path.read_bytes() == whole


def test_without_resume_a_broken_off_file_is_refused(broken_off):
    with pytest.raises(InputError, match=r"\.data\.h5\.partial was broken off; add --resume"):
        generate(Numbers(), broken_off, samples=10, seed=1)
    assert partial(broken_off).exists()


@pytest.mark.parametrize(
    ("changed", "samples", "seed", "named"),
    [
        (Numbers(), 10, 2, "its seed is 1, not 2"),
        (Numbers(), 11, 1, "it holds 10 samples, not 11"),
        (Numbers(law="uniform"), 10, 1, "its law is normal, not uniform"),
        (Numbers(points=5), 10, 1, "its grid is 4 x 4, not 5 x 5"),
    ],
)
@pytest.mark.parametrize("is_whole", [False, True])
def test_resume_refuses_another_request_and_says_which(broken_off, changed, samples, seed, named, is_whole):
    if is_whole:
        generate(Numbers(), broken_off, samples=10, seed=1, resume=True)
    with pytest.raises(InputError, match=named):
        generate(changed, broken_off, samples=samples, seed=seed, resume=True)
    generate(Numbers(), broken_off, samples=10, seed=1, resume=True)


def test_resume_refuses_other_versions(broken_off, monkeypatch):
    monkeypatch.setattr(generation, "versions", lambda: versions() | {"jax": "0.0"})
    with pytest.raises(InputError, match=r"its version_jax is .*, not 0\.0"):
        generate(Numbers(), broken_off, samples=10, seed=1, resume=True)


def test_a_partial_file_that_is_none_is_refused(broken_off):
    partial(broken_off).write_text("hello")
    with pytest.raises(InputError, match=r"partial cannot be opened .*; remove it"):
        generate(Numbers(), broken_off, samples=10, seed=1, resume=True)


def test_a_failed_solve_leaves_the_splits_before_it_and_nothing_else(tmp_path):
    with pytest.raises(ArithmeticError, match="sample 5"):
        generate(Numbers(stop=5, error=ArithmeticError), tmp_path / "a.h5", samples={"x": 4, "y": 4}, seed=1)
    assert sorted(left.name for left in tmp_path.iterdir()) == ["a-x.h5", "a-x.h5.cost.json"]


def test_splits_are_one_seed_and_can_be_resumed(tmp_path, whole):
    splits = {"train": 5, "validation": 2, "test": 3}
    with pytest.raises(KeyboardInterrupt):
        generate(Numbers(stop=6), tmp_path / "data.h5", samples=splits, seed=1)
    rest = Numbers()
    generate(rest, tmp_path / "data.h5", samples=splits, seed=1, resume=True)
    assert rest.asked == [6, 7, 8, 9]
    files = [h5py.File(tmp_path / f"data-{name}.h5") for name in splits]
    with h5py.File(tmp_path / "whole.h5") as one:
        for name in ("coefficient", "solution", "residual"):
            np.testing.assert_array_equal(np.concatenate([file[name] for file in files]), one[name])
    assert [file.attrs["first_index"] for file in files] == [0, 5, 7]
    generate(Numbers(), tmp_path / "five.h5", samples=5, seed=1)
    assert (tmp_path / "five.h5").read_bytes() == (tmp_path / "data-train.h5").read_bytes()


def test_all_destinations_are_looked_at_before_any_work(tmp_path):
    (tmp_path / "data-test.h5").write_text("mine")
    with pytest.raises(InputError, match=r"data-test\.h5 exists already"):
        generate(Numbers(), tmp_path / "data.h5", samples={"train": 5, "test": 3}, seed=1)
    assert [left.name for left in tmp_path.iterdir()] == ["data-test.h5"]


def test_of_two_that_begin_at_the_same_moment_one_is_refused(tmp_path):
    path = tmp_path / "file"
    aside = write_aside(path, exclusive=True)
    aside.__enter__().write_text("mine")
    path.write_text("theirs")
    with pytest.raises(InputError, match="another process"):
        aside.__exit__(None, None, None)
    assert path.read_text() == "theirs"
    assert [left.name for left in tmp_path.iterdir()] == ["file"]


def test_a_problem_that_yields_too_few_samples_makes_no_file(tmp_path):
    class Lazy(Numbers):
        def samples(self, seed, indices):
            return super().samples(seed, indices[:-1])

    with pytest.raises(ValueError, match="shorter"):
        generate(Lazy(), tmp_path / "data.h5", samples=10, seed=1)
    assert not (tmp_path / "data.h5").exists()


def test_memory_does_not_grow_with_the_number_of_samples(tmp_path):
    tracemalloc.start()
    generate(replace(Numbers(), points=128), tmp_path / "data.h5", samples=300, seed=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5e6  # the file has 39 MB


KILLED_AGAIN_AND_AGAIN = """
import os, random, signal, sys, time
from pathlib import Path
import pde.data.resumable
from pde.data.generate import generate
from tests.data.test_resumable import Numbers, partial

class Slow(Numbers):
    def samples(self, seed, indices):
        for sample in super().samples(seed, indices):
            time.sleep(0.001)
            yield sample

pde.data.resumable.SAVE_SECONDS = 0.002
path = Path(sys.argv[1])
kills = 0
while not path.exists():
    child = os.fork()  # JAX is not yet at work in this process, and starting another one takes seconds
    if child == 0:
        generate(Slow(), path, samples=2000, seed=1, resume=True)
        os._exit(0)
    while not (partial(path).exists() or path.exists()):
        time.sleep(0.001)
    # JAX takes the first third of a second, on a busy machine more: at last there is time enough.
    time.sleep(random.uniform(0, 1.5 * 1.1**kills))
    os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL)
    kills += status != 0
print(kills)
"""


@pytest.mark.slow
def test_killed_again_and_again_the_bytes_are_the_same(tmp_path):
    command = [sys.executable, "-c", KILLED_AGAIN_AND_AGAIN, str(tmp_path / "data.h5")]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    assert int(ended.stdout) >= 1
    generate(Numbers(), tmp_path / "whole.h5", samples=2000, seed=1)
    assert (tmp_path / "data.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()


@pytest.mark.slow
def test_ctrl_c_and_another_process_from_the_command_line(tmp_path, capsys):
    path = tmp_path / "data.h5"
    arguments = ["generate", str(path), "--resolution", "9", "--samples", "3000"]
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # even by `make test &`
    command = [
        sys.executable,
        "-c",
        f"{heard}; {PROGRAM}",
        *arguments,
    ]
    slow = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"}  # so that it is still at work when it is stopped
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=slow) as running:
        while not partial(path).exists():
            assert running.poll() is None
            time.sleep(0.01)
        for flags in ([], ["--resume"]):
            assert main([*arguments, *flags]) == 2
            assert "is being written by another process" in capsys.readouterr().err
        running.send_signal(signal.SIGINT)
        assert running.wait() == 130
        assert running.stderr.read() == "manojax: stopped; add --resume to go on from the last sample\n"
    assert main(arguments) == 2
    assert "add --resume" in capsys.readouterr().err
    assert main([*arguments, "--resume"]) == 0
    generate(Darcy(resolution=9), tmp_path / "whole.h5", samples=3000, seed=0)
    assert path.read_bytes() == (tmp_path / "whole.h5").read_bytes()


class Direct(Numbers):
    """Numbers that no iteration has found."""

    has_residual: ClassVar[bool] = False


def test_a_problem_without_residuals_is_gone_on_with_all_the_same(tmp_path):
    path, whole = tmp_path / "data.h5", tmp_path / "whole.h5"
    with pytest.raises(KeyboardInterrupt):
        generate(Direct(stop=6), path, samples=10, seed=1)
    rest = Direct()
    generate(rest, path, samples=10, seed=1, resume=True)
    generate(Direct(), whole, samples=10, seed=1)
    assert rest.asked == [6, 7, 8, 9]
    assert path.read_bytes() == whole.read_bytes()
    with h5py.File(path) as file:
        assert "residual" not in file
        assert file["written"][0] == 10
