"""Joining the shards of a data set to the file that one process would have written."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py

from pde.data import datasets
from pde.data.cost import Cost, cost_of, record_of
from pde.data.data_file import DataFile
from pde.data.layout import Layout
from pde.data.shards import OutputFile, Shard, unsharded_file
from pde.system.errors import InputError
from pde.system.files import refuse_existing, refuse_unwritable, write_aside
from pde.system.progress import progress_bar


def merge(path: str | Path, shards: Sequence[str | Path]) -> int:
    """Write the data set that `pde.data.generate` would have written unsharded, byte for byte.

    Its cost (`pde.data.cost`) is the sum of the shards' costs, and unknown if one of them is.

    Args:
        path: a new HDF5 file.
        shards: all shards of one data set, in any order.

    Returns:
        The number of samples.

    Raises:
        InputError: `path` exists or cannot be written, a shard is missing, duplicate, unfinished or of another
            data set, or a file is not a shard.
    """
    path = Path(path)
    refuse_unwritable(path)
    refuse_existing(path)
    if not shards:
        raise InputError(f"{path}: name the shards to merge after it")
    files = _in_order([datasets.open(shard) for shard in shards])
    _, whole = _provenance(files[0])
    layout = _layout(files[0], unsharded_file(path, whole))
    with write_aside(path) as aside, layout.create(aside) as stored:
        _copy(files, stored, layout.samples)
        _add_costs(files, path)
    return layout.samples


def _in_order(files: Sequence[DataFile]) -> list[DataFile]:
    """Return the shards in order, after checking that they are exactly the shards of one data set."""
    first, (shard, whole) = files[0], _provenance(files[0])
    found: dict[int, DataFile] = {}
    for file in files:
        its, _ = _provenance(file)
        if its.count != shard.count:
            raise InputError(f"{file.path} is shard {its} and {first.path} is {shard}; leave one of them out")
        if difference := _layout(first, its.output_file(file.path, whole)).difference(file):
            raise InputError(f"{file.path} is no part of the data set of {first.path}: {difference}; leave it out")
        if its.index in found:
            raise InputError(f"{file.path} is shard {its}, as is {found[its.index].path}; leave one of them out")
        if not file.complete:
            raise InputError(f"{file.path} is unfinished; finish it by manojax generate --resume")
        found[its.index] = file
    for index in range(1, shard.count + 1):
        if index not in found:
            raise InputError(f"shard {index}/{shard.count} of {first.path} is missing; name its file too")
    return [found[index] for index in sorted(found)]


def _provenance(file: DataFile) -> tuple[Shard, range]:
    """The shard and the range that a file names."""
    try:
        first, samples = file.attributes["whole_first_index"], file.attributes["whole_samples"]
        return Shard.parse(file.attributes["shard"]), range(first, first + samples)
    except (KeyError, TypeError, InputError) as error:
        raise InputError(f"{file.path} is no shard; give files that manojax generate --shard wrote") from error


def _layout(shard: DataFile, output: OutputFile) -> Layout:
    """The layout of a file with samples of the data set that a shard belongs to."""
    own = {*datasets.DECLARED, "first_index", "shard", "whole_first_index", "whole_samples"}
    origin = {name: value for name, value in shard.attributes.items() if name not in own}
    attributes = origin | output.attributes
    fields = shard.inputs, shard.outputs, shard.kinds, shard.grid
    return Layout(*fields, len(output.indices), attributes, shard.read_residual() is not None)


def _add_costs(files: Sequence[DataFile], path: Path) -> None:
    costs = [cost for file in files if (cost := cost_of(file.path)) is not None]
    if len(costs) == len(files):
        sum(costs, Cost()).save(path)
    else:
        record_of(path).unlink(missing_ok=True)  # it would be that of a file that is gone


def _copy(files: Sequence[DataFile], stored: Mapping[str, h5py.Dataset], total: int) -> None:
    offset = 0
    with progress_bar("merge", total=total, done=0, unit="sample") as bar:
        for file in files:
            for samples in file.blocks():
                place = slice(offset + samples.start, offset + samples.stop)
                for name in file.inputs:
                    stored[name][place] = file.read(name, samples)
                outputs = file.read_outputs(samples)
                for channel, name in enumerate(file.output_names):
                    stored[name][place] = outputs[..., channel]
                bar.update(samples.stop - samples.start)
            if "residual" in stored:
                stored["residual"][offset : offset + file.samples] = file.read_residual()
            offset += file.samples
    stored["written"][0] = total
