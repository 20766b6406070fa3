"""Tensors saved by torch.save, read without torch and without running anything that the file asks for.

A pickle can name any function and have it called, and it can set attributes of the objects that it holds. Here it
may name only tensors, the types of their storages and a dictionary for their hooks; anything else is refused
before it is looked up. In their place it gets strings and tuples; arrays are made of these when it has ended.
"""

import math
import pickle
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import numpy as np

from pde.system.errors import InputError

_STORAGES = {
    "DoubleStorage": "f8",
    "FloatStorage": "f4",
    "HalfStorage": "f2",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}


class _Storage(NamedTuple):
    kind: str
    key: str
    numbers: int


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def load_tensors(archive: ZipFile, folder: str, path: Path) -> dict[str, np.ndarray]:
    """The tensors of a dictionary that torch.save wrote, by name.

    Args:
        archive: the zip archive, open.
        folder: folder of its `data.pkl`, with the slash.
        path: the file, for messages.

    Raises:
        InputError: there is no dictionary, the pickle names something that is not a tensor, or a tensor reaches
            beyond its storage.
    """
    with archive.open(f"{folder}data.pkl") as file:
        saved = _Unpickler(file, path).load()
    if not isinstance(saved, dict):
        raise InputError(f"{path} holds no dictionary; save one with the tensors x and y")
    big = f"{folder}byteorder" in archive.namelist() and archive.read(f"{folder}byteorder") == b"big"
    arrays = {}
    for name, tensor in saved.items():
        if isinstance(tensor, _Tensor):
            kind, key, numbers = tensor.storage
            dtype = np.dtype(_STORAGES[kind]).newbyteorder(">" if big else "<")
            storage = np.frombuffer(archive.read(f"{folder}data/{key}"), dtype, numbers)
            if not _fits(tensor, storage.size):
                raise InputError(
                    f"{path}: tensor {name} reaches beyond its storage; take the file from its source"
                )
            steps = [stride * storage.itemsize for stride in tensor.strides]
            arrays[str(name)] = np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, steps)
    return arrays


def _fits(tensor: _Tensor, size: int) -> bool:
    """Tell if all elements lie within the storage, and are no more than the storage has."""
    _, offset, shape, strides = tensor
    last = offset + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    return min((offset, *shape, *strides)) >= 0 and math.prod(shape) <= size and last < max(size, 1)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: Any, path: Path):
        super().__init__(file)
        self._path = path

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _Tensor(storage, offset, shape, strides)
        if (module, name) == ("collections", "OrderedDict"):
            return dict
        if module == "torch" and name in _STORAGES:
            return name
        raise InputError(
            f"{self._path}: its pickle asks for {module}.{name}, which is no plain tensor and is refused; "
            "save a dictionary of the tensors x and y alone"
        )

    def persistent_load(self, pid: tuple[str, str, str, str, int]) -> _Storage:
        _, kind, key, _, numbers = pid
        return _Storage(kind, key, numbers)
