"""Writing data sets of a problem, sample by sample."""

from collections.abc import Mapping
from pathlib import Path

from pde.data.layout import Layout
from pde.data.resumable import ResumableFile
from pde.data.shards import OutputFile, Shard, output_files
from pde.equations.equation import Problem
from pde.system.errors import check_seed
from pde.system.progress import progress_bar
from pde.system.versions import versions


def generate(
    problem: Problem,
    path: str | Path,
    *,
    samples: int | Mapping[str, int],
    seed: int,
    shard: Shard | None = None,
    resume: bool = False,
    equation: str | None = None,
) -> list[OutputFile]:
    """Write samples 0, 1, 2 ... of a seed to HDF5 files (format: `pde.data.datasets`); return the files.

    A file gets its name only when it is complete. An interrupted run can be resumed by another
    (`pde.data.resumable`), and the bytes are the same. The seconds that generation took stand in a record beside
    each file (`pde.data.cost`).

    Args:
        problem: the problem to sample.
        path: OUT.h5, the file to write.
        samples: number of samples; or a number for each split, which makes consecutive ranges in OUT-split.h5.
        seed: seed of the random fields.
        shard: i of n writes the i-th part of each file, to OUT-shard-i-of-n.h5, for `pde.data.merge`; by default
            the share of this process under `jax.distributed`, and everything if there is only one.
        resume: keep complete and interrupted files, and write the rest.
        equation: name of your own equation (`pde.equations.registry.find`); the files record it, and `evaluate`
            solves it again.

    Raises:
        InputError: a file exists, complete or not, and `resume` is False or it belongs to another data set; a file
            cannot be written; or there are fewer samples than 1 or than shards.
        ArithmeticError: the solver did not converge on a sample.
    """
    check_seed(seed)
    named = {} if equation is None else {"equation_name": equation}
    origin = problem.attributes() | named | {"seed": seed} | {f"version_{k}": v for k, v in versions().items()}
    planned = output_files(Path(path), samples, shard or Shard.of_process())
    files = [
        ResumableFile(
            output.path,
            Layout(
                problem.inputs,
                problem.outputs,
                problem.kinds,
                problem.grid,
                len(output.indices),
                origin | output.attributes,
                problem.has_residual,
            ),
        )
        for output in planned
    ]
    for file in files:
        file.check(resume)
    for output, file in zip(planned, files, strict=True):
        if not output.path.exists():  # a complete file passes the check only on resuming
            _write(problem, seed, output, file)
    return planned


def _write(problem: Problem, seed: int, output: OutputFile, file: ResumableFile) -> None:
    with file.write() as written:
        left = output.indices[written.done :]
        solved = zip(left, problem.samples(seed, left), strict=True)  # strict: no sample may be missing
        with progress_bar(output.path.name, total=len(output.indices), done=written.done, unit="sample") as bar:
            for _, sample in solved:
                written.append(sample)
                bar.update()
