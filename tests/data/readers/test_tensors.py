"""Tensors of PyTorch are read by an unpickler of our own, which admits nothing else."""

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pde.data import datasets
from tests.command_line import refused
from tests.data.readers.files import FIXTURES
from tests.fixtures import make


def dictionary(value):
    """A pickled dictionary with `value` under x."""
    return b"\x80\x02}(" + make.text("x") + value + b"u."


def named(module, name):
    """The opcodes that put module.name on the stack by way of two strings, as protocol 4 does."""
    return make.text(module) + make.text(name) + b"\x93"


PLAIN = make.tensor("FloatStorage", "0", 64, 0, (1, 8, 8), (64, 8, 1))
SHELL = b"(" + make.text("touch pwned") + b"tR"

# What a pickle can ask for beside tensors; most of it would run code if it were let.
EVIL = {
    "os.system": dictionary(b"cos\nsystem\n" + SHELL),
    "posix.system": b"(S'touch pwned'\niposix\nsystem\n.",
    "subprocess.getoutput": b"\x80\x04" + named("subprocess", "getoutput") + SHELL + b".",
    "builtins.eval": dictionary(b"cbuiltins\neval\n(" + make.text("open('pwned', 'w')") + b"tR"),
    "__builtin__.getattr": dictionary(b"c__builtin__\ngetattr\n(" + PLAIN + make.text("size") + b"tR"),
    "torch._utils._rebuild_tensor_v2.__globals__": dictionary(
        named("torch._utils", "_rebuild_tensor_v2.__globals__")
    ),
    "torch.serialization.load": dictionary(b"ctorch.serialization\nload\n(" + make.text("pwned") + b"tR"),
    "numpy.load": dictionary(PLAIN.replace(b"\x89", b"cnumpy\nload\n(" + make.text("pwned") + b"tR")),
    "torch._utils._rebuild_parameter": dictionary(b"ctorch._utils\n_rebuild_parameter\n(" + PLAIN + b"tR"),
    "torch.BFloat16Storage": dictionary(PLAIN.replace(b"Float", b"BFloat16")),
}


@pytest.mark.parametrize("name", EVIL)
def test_a_pickle_that_asks_for_anything_but_tensors_is_refused(capsys, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    make.torch_archive(Path("evil.pt"), EVIL[name], [bytes(256)])
    assert f"asks for {name}, which" in refused(capsys, "info", "evil.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["evil.pt"]


def stretched(offset, shape, strides):
    return dictionary(make.tensor("FloatStorage", "0", 64, offset, shape, strides))


@pytest.mark.parametrize(
    "pickled",
    [
        stretched(1, (1, 8, 8), (64, 8, 1)),
        stretched(0, (1, 8, 8), (64, 8, 2)),
        stretched(0, (2, 8, 8), (64, 8, 1)),
        stretched(0, (999999, 8, 8), (0, 8, 1)),
        stretched(63, (1, 8, 8), (64, -8, 1)),
        stretched(-1, (1, 8, 8), (64, 8, 1)),
    ],
)
def test_a_tensor_that_reaches_beyond_its_storage_is_refused(capsys, tmp_path, pickled):
    make.torch_archive(tmp_path / "far.pt", pickled, [bytes(256)])
    assert "reaches beyond its storage" in refused(capsys, "info", tmp_path / "far.pt")


@pytest.mark.parametrize(
    ("pickled", "message"),
    [
        (b"\x80\x02].", "holds no dictionary"),
        (b"\x80\x02" + PLAIN + b".", "holds no dictionary"),
        (dictionary(b"K\x01"), "no array 'x'"),
        (dictionary(PLAIN + b"}" + make.text("offset") + b"K\x09sb"), "damaged"),  # sets an attribute of a tensor
        (dictionary(PLAIN.replace(make.integer(64), make.integer(65), 1)), "damaged"),  # more numbers than bytes
        (dictionary(PLAIN.replace(make.text("0"), make.text("1"))), "damaged"),  # no such member
        (dictionary(b"ctorch._utils\n_rebuild_tensor_v2\n(" + PLAIN + b"K\x00)))tR"), "damaged"),
        (b"\x80\x02}", "damaged"),
        (b"", "damaged"),
    ],
)
def test_a_pickle_that_makes_no_sense_is_one_sentence(capsys, tmp_path, pickled, message):
    make.torch_archive(tmp_path / "odd.pt", pickled, [bytes(256)])
    assert message in refused(capsys, "info", tmp_path / "odd.pt")


def test_tensors_are_read_through_their_strides_and_byte_order(tmp_path):
    view = make.tensor("FloatStorage", "0", 64, 1, (2, 3, 4), (16, 1, 4))
    scalar = make.text("loss") + make.tensor("FloatStorage", "0", 64, 3, (), ())
    storage = np.arange(64, dtype=">f4").tobytes()
    make.torch_archive(tmp_path / "big.pt", dictionary(view + scalar), [storage], byteorder=b"big")
    sample, row, column = np.meshgrid(np.arange(2), np.arange(3), np.arange(4), indexing="ij")
    read = datasets.open(tmp_path / "big.pt").read_inputs()[..., 0]
    np.testing.assert_array_equal(read, 1 + 16 * sample + row + 4 * column)


def test_a_bare_pickle_is_not_read(capsys, tmp_path):
    (tmp_path / "old.pt").write_bytes(pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2))  # how old files begin
    assert "bare pickle" in refused(capsys, "info", tmp_path / "old.pt")


def test_flipped_bits_are_one_sentence(capsys, tmp_path):
    """Damage inside a zip archive does not get past its checksums."""
    with zipfile.ZipFile(FIXTURES / "neuraloperator.pt") as archive:
        start = archive.getinfo("neuraloperator/data/1").header_offset
    data = bytearray((FIXTURES / "neuraloperator.pt").read_bytes())
    data[start + 200] ^= 255
    (tmp_path / "bits.pt").write_bytes(data)
    assert "damaged" in refused(capsys, "info", tmp_path / "bits.pt")
