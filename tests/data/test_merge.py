import socket
import subprocess
import sys

import h5py
import pytest

from pde.cli import main
from pde.data.generate import generate
from pde.data.shards import Shard
from pde.equations.darcy.problem import Darcy
from tests.command_line import refused
from tests.data.test_resumable import Direct

LAW = Darcy(resolution=9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Seven samples in one file, and in three shards."""
    folder = tmp_path_factory.mktemp("merging")
    generate(LAW, folder / "darcy.h5", samples=7, seed=3)
    for index in (1, 2, 3):
        generate(LAW, folder / "darcy.h5", samples=7, seed=3, shard=Shard(index, 3))
    return folder


def shard(folder, index, count=3):
    return folder / f"darcy-shard-{index}-of-{count}.h5"


def merge(*paths):
    return main(["merge", *map(str, paths)])


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_merged_shards_are_the_file_of_one_process(capsys, folder, tmp_path, count):
    out = tmp_path / "darcy.h5"
    flags = ["--resolution", "9", "--samples", "7", "--seed", "3"]
    for index in range(1, count + 1):
        assert main(["generate", str(out), *flags, "--shard", f"{index}/{count}"]) == 0
        written = f"{shard(tmp_path, index, count)} (shard {index}/{count}; `manojax merge` joins them): samples "
        assert written in capsys.readouterr().out
    shards = sorted(tmp_path.glob("*.h5"), reverse=True)
    assert merge(out, *shards) == 0
    assert capsys.readouterr().out.endswith(f"7 samples from {count} shards\n")
    assert out.read_bytes() == (folder / "darcy.h5").read_bytes()


def test_a_pattern_names_the_shards(capsys, folder, tmp_path):
    assert merge(tmp_path / "out.h5", folder / "darcy-shard-*.h5") == 0
    assert capsys.readouterr().out.endswith("7 samples from 3 shards\n")
    assert (tmp_path / "out.h5").read_bytes() == (folder / "darcy.h5").read_bytes()
    assert "no file has a name of this pattern" in refused(capsys, "merge", tmp_path / "a.h5", folder / "b*.h5")


def test_each_split_is_sharded_and_merged_by_itself(tmp_path):
    splits = {"train": 5, "test": 2}
    generate(LAW, tmp_path / "whole.h5", samples=splits, seed=3)
    for index in (1, 2):
        generate(LAW, tmp_path / "part.h5", samples=splits, seed=3, shard=Shard(index, 2))
    for name in splits:
        out = tmp_path / f"{name}.h5"
        assert merge(out, *(tmp_path / f"part-{name}-shard-{i}-of-2.h5" for i in (1, 2))) == 0
        assert out.read_bytes() == (tmp_path / f"whole-{name}.h5").read_bytes()


def test_a_shard_is_a_data_file_that_says_where_it_belongs(folder):
    with h5py.File(shard(folder, 3)) as file:
        assert file["solution"].shape == (3, 9, 9)
        assert (file.attrs["shard"], file.attrs["first_index"], file.attrs["whole_samples"]) == ("3/3", 4, 7)


def test_what_is_missing_double_or_foreign_is_refused_by_name(capsys, folder, tmp_path):
    out, files = tmp_path / "out.h5", [shard(folder, index) for index in (1, 2, 3)]
    for name, options in {
        "seed": {"seed": 4},
        "range": {"samples": 8},
        "law": {"problem": Darcy(resolution=9, tau=4.0)},
        "grid": {"problem": Darcy(resolution=17)},
        "count": {"shard": Shard(2, 4)},
    }.items():
        request = {"problem": LAW, "samples": 7, "seed": 3, "shard": Shard(2, 3)} | options
        generate(path=tmp_path / f"{name}.h5", **request)
    foreign = {name: tmp_path / f"{name}-shard-2-of-3.h5" for name in ("seed", "range", "law", "grid")}
    cases = [
        ((files[0], files[2]), "shard 2/3 of"),
        ((*files, files[1]), "is shard 2/3, as is"),
        ((files[0], folder / "darcy.h5"), "darcy.h5 is no shard"),
        ((folder / "darcy.h5",), "darcy.h5 is no shard"),
        ((tmp_path / "nowhere.h5",), "no such file"),
        ((), "name the shards"),
        ((files[0], foreign["seed"], files[2]), "its seed is 4, not 3"),
        ((files[0], foreign["range"], files[2]), "its whole_samples is 8, not 7"),
        ((files[0], foreign["law"], files[2]), "its law is"),
        ((files[0], foreign["grid"], files[2]), "its grid is 17 x 17, not 9 x 9"),
        ((*files, tmp_path / "count-shard-2-of-4.h5"), "is shard 2/4 and"),
    ]
    for shards, message in cases:
        assert message in refused(capsys, "merge", out, *shards), message
        assert not out.exists()
    assert merge(folder / "darcy.h5", *files) == 2
    assert "exists already" in capsys.readouterr().err


def test_an_unfinished_shard_is_refused(capsys, folder, tmp_path):
    unfinished = tmp_path / "unfinished.h5"
    unfinished.write_bytes(shard(folder, 2).read_bytes())
    with h5py.File(unfinished, "r+") as file:
        file["written"][0] = 1
    error = refused(capsys, "merge", tmp_path / "out.h5", shard(folder, 1), unfinished, shard(folder, 3))
    assert "unfinished.h5 is unfinished" in error
    assert not (tmp_path / "out.h5").exists()


@pytest.mark.parametrize("flags", [("--samples", "3", "--splits", "a=3"), ("--shard", "0/3"), ("--shard", "1/9")])
def test_ranges_that_make_no_sense_end_with_2_and_write_nothing(capsys, tmp_path, flags):
    assert main(["generate", str(tmp_path / "a.h5"), "--resolution", "9", "--samples", "7", *flags]) == 2
    assert capsys.readouterr().err.startswith("manojax: error: ")
    assert not list(tmp_path.iterdir())


PROCESS = """
import sys
import jax
jax.distributed.initialize(f"localhost:{sys.argv[1]}", num_processes=2, process_id=int(sys.argv[2]))
from pde.cli import main
sys.exit(main(["generate", sys.argv[3], "--resolution", "9", "--samples", "7", "--seed", "3"]))
"""


@pytest.mark.slow
def test_under_jax_distributed_every_process_writes_its_shard(folder, tmp_path):
    """Two real processes, one command line."""
    out = tmp_path / "darcy.h5"
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", PROCESS, str(port)]
    running = [subprocess.Popen([*command, str(index), str(out)]) for index in (0, 1)]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    assert merge(out, shard(tmp_path, 1, 2), shard(tmp_path, 2, 2)) == 0
    assert out.read_bytes() == (folder / "darcy.h5").read_bytes()


def test_shards_without_residuals_are_merged(tmp_path):
    shards = []
    for index in (1, 2):
        shards += generate(Direct(), tmp_path / "data.h5", samples=5, seed=1, shard=Shard(index, 2))
    generate(Direct(), tmp_path / "whole.h5", samples=5, seed=1)
    assert merge(tmp_path / "merged.h5", *(shard.path for shard in shards)) == 0
    assert (tmp_path / "merged.h5").read_bytes() == (tmp_path / "whole.h5").read_bytes()
