"""The processes of one training, on one machine or many, that `jax.distributed` has joined; most often one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import jax
import numpy as np
from jax.experimental import multihost_utils

from pde.system.errors import InputError

Result = TypeVar("Result")


@dataclass(frozen=True)
class Processes:
    """The meeting point of the processes of a training. Slurm, Kubernetes and TPU pods need no flags."""

    rare: ClassVar[tuple[str, ...]] = ("coordinator", "process_id", "num_processes")
    """Options that only `--help-verbose` shows."""
    coordinator: str | None = None
    """Address host:port at which the first process listens and which all processes can reach."""
    process_id: int | None = None
    """Number of this process, counted from 0."""
    num_processes: int | None = None
    """Number of processes. If 1 is given, and no other of these flags, this process trains by itself even in a
    cluster."""

    def join(self) -> None:
        """Join the other processes, before any other use of JAX.

        Raises:
            InputError: some of the three flags are missing, they do not fit each other, or the other processes
                were not found.
        """
        given = self.coordinator, self.process_id, self.num_processes
        flags = "--coordinator, --process-id and --num-processes"
        if jax.distributed.is_initialized():
            return
        if given == (None, None, 1):
            return
        if given == (None, None, None):
            _join_cluster()
            return
        if self.coordinator is None or self.process_id is None or self.num_processes is None:
            raise InputError(f"{flags} belong together; give all three, or none of them")
        if not 0 <= self.process_id < self.num_processes:
            raise InputError(
                f"--process-id {self.process_id} must be 0 to {self.num_processes - 1}, for --num-processes "
                f"{self.num_processes}"
            )
        host, _, port = self.coordinator.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
            raise InputError(f"--coordinator {self.coordinator} must be host:port, such as node1:1234")
        try:
            jax.distributed.initialize(self.coordinator, self.num_processes, self.process_id)
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            raise InputError(
                f"--coordinator {self.coordinator}: the processes did not find each other ({reason})"
            ) from error


def _join_cluster() -> None:
    try:
        jax.distributed.initialize()
    except ValueError:
        return  # no cluster that JAX knows: one process
    except Exception as error:  # the client of a cluster may raise anything
        if "before any JAX" in str(error):
            return  # called from Python that has used JAX already, and alone
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise InputError(
            f"the processes of this cluster did not find each other ({reason}); name them by --coordinator, "
            "--process-id and --num-processes, or give --num-processes 1 to train in this one alone"
        ) from error


def leads() -> bool:
    """True in the process that writes the files that all share."""
    return jax.process_index() == 0


def anywhere(true: bool) -> bool:
    """True if `true` is True in any process; all must call this at the same point."""
    return bool(_gathered(np.asarray(true)).any())


def least(number: int) -> int:
    """Return the least of all processes' numbers; all call this at the same point."""
    return int(_gathered(np.asarray(number)).min())


def total(values: np.ndarray) -> np.ndarray:
    """Return the sum of all processes' arrays, of one shape; all call this at the same point."""
    return _gathered(values).sum(axis=0, dtype=values.dtype)


def led(action: Callable[[], Result]) -> Result | None:
    """Run `action` on the first process while the others wait; they get None.

    Raises:
        InputError: in the others, if the first process failed.
    """
    result, failure = None, None
    if leads():
        try:
            result = action()
        except BaseException as error:
            failure = error
    if anywhere(failure is not None):
        raise failure or InputError("the first process could not begin; see what it said, and start all again")
    return result


def _gathered(values: np.ndarray) -> np.ndarray:
    """Stack the values of all processes along a new first axis."""
    return np.asarray(multihost_utils.process_allgather(values))
