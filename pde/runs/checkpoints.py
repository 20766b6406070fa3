"""Training states saved and restored. Only this module uses Orbax."""

import dataclasses
import hashlib
import json
import logging
import math
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp

from pde.system.errors import InputError
from pde.system.files import write_text
from pde.system.interrupts import deferred_stop
from pde.system.processes import anywhere, leads


@dataclass(frozen=True)
class Position:
    """The position of a training when a state was saved."""

    epochs: int = 0
    """Number of whole epochs."""
    losses: tuple[float, ...] = ()
    """Losses of the steps since the last whole epoch."""


class Checkpoints:
    """The last two states of a run and, if it is validated, the best, named by the number of steps taken.

    A checkpoint is the `state`, a plain pytree of parameters and the optimiser's state, and the `position`.
    Version 0.1.0 wrote `params` and `optimiser` apart: its parameters are read, but its training is not continued.

    The best state has the lowest validation error. A checkpoint appears whole or not at all, followed by the
    SHA-256 of each of its files in `manifest.json`. If a file has changed, the checkpoint is left out, and the one
    before it is used.
    """

    def __init__(self, folder: Path, seal: str, *, create: bool = True):
        self.folder, self._description = folder, seal  # the digest of the description, `Description.seal`
        self._errors = {step: entry["error"] for step, entry in self._manifest().items()}
        with _log_hushed():
            self._manager = ocp.CheckpointManager(
                (folder / "checkpoints").resolve(),
                options=ocp.CheckpointManagerOptions(
                    preservation_policy=self,
                    enable_background_delete=False,
                    cleanup_tmp_directories=create,  # temporary folders of a killed process
                    create=create,
                    multiprocessing_options=ocp.options.MultiprocessingOptions() if create else _alone(),
                ),
            )
        self._unsealed: int | None = None

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, *_: object) -> None:
        with deferred_stop():
            try:
                self._seal()
            finally:
                self._manager.close()

    @property
    def steps(self) -> list[int]:
        """Numbers of steps of the states that were saved whole."""
        return sorted(self._manifest())

    def save(
        self, step: int, params: Any, optimiser: Any, position: Position, validation_error: float | None = None
    ) -> None:
        """Save the state after a step, in the background; the next save, or closing, waits for it. A Ctrl-C waits
        as well, because an interrupted Orbax hangs at exit. A state from which no training continues has no
        optimiser.

        Raises:
            InputError: the disk is too full; what was saved before is whole.
        """
        self._refuse_full_disk(params, optimiser)
        items = ocp.args.Composite(
            position=ocp.args.JsonSave(dataclasses.asdict(position)),
            # One item: Orbax keeps some memory for every item with arrays that it has saved.
            state=ocp.args.PyTreeSave(
                {"params": params} | ({} if optimiser is None else {"optimiser": optimiser})
            ),
        )
        measured = validation_error is not None and math.isfinite(validation_error)
        self._errors[step] = validation_error if measured else None
        with deferred_stop(), _log_hushed():
            self._seal()
            self._manager.save(step, args=items)
            self._unsealed = step

    def restore_last(self, params: Any, optimiser: Any) -> tuple[Any, Any, Position]:
        """Restore the newest intact state; return the arguments if there is none. Damaged newer states are
        deleted, because training will save them again.

        Raises:
            InputError: none of the saved states can be used, or version 0.1.0 saved them.
        """
        steps = sorted(self._manager.all_steps(), reverse=True)
        if not steps:
            return params, optimiser, Position()
        step = self._first_sound(steps)
        if self._is_of_0_1_0(step):
            raise InputError(
                f"{self.folder} was trained by version 0.1.0, which took other steps: this version evaluates, "
                "predicts with and exports it, but does not continue its training; train into a new folder"
            )
        for damaged in steps[: steps.index(step)]:
            self._manager.delete(damaged)
        state, position = self._restore(step, "state", {"params": params, "optimiser": optimiser})
        return state["params"], state["optimiser"], position

    def restore_best(self, params: Any) -> tuple[Any, int]:
        """Return the parameters with the lowest validation error, or the last ones without validation, and their
        epoch."""
        steps = sorted(self._manager.all_steps(), reverse=True)
        if not steps:
            raise InputError(f"{self.folder} holds no checkpoint yet; train it to the end of an epoch first")
        best = self._best(steps)
        step = self._first_sound(steps if best is None else dict.fromkeys([best, *steps]))
        if self._is_of_0_1_0(step):
            params, position = self._restore(step, "params", params)
            return params, position.epochs
        state, position = self._restore(step, "state", {"params": params})
        return state["params"], position.epochs

    def _first_sound(self, steps: Iterable[int]) -> int:
        manifest = self._manifest()
        for step in steps:
            if step in manifest and manifest[step]["files"] == _digests(self._where(step)):
                self._refuse_another(manifest[step]["description"], step)
                return step
            print(
                f"manojax: {self._where(step)} is damaged or was not finished; the one before it is used",
                file=sys.stderr,
            )
        raise InputError(f"{self.folder / 'checkpoints'}: every checkpoint is damaged; train again")

    def _refuse_another(self, description: str | None, step: int) -> None:
        if description not in (None, self._description):  # version 0.1.0 noted none
            raise InputError(
                f"{self.folder / 'run.json'} was changed after {self._where(step)} was saved: another model, "
                "view, grid or normalisation; put back what it was, or train again"
            )

    def _is_of_0_1_0(self, step: int) -> bool:
        return not (self._where(step) / "state").is_dir()

    def _restore(self, step: int, item: str, structure: Any) -> tuple[Any, Position]:
        """Restore the part of an item that has the given structure, and the position."""
        placed = ocp.checkpoint_utils.construct_restore_args(structure)
        arrays = ocp.args.PyTreeRestore(structure, restore_args=placed, partial_restore=True)
        composite = ocp.args.Composite(position=ocp.args.JsonRestore(), **{item: arrays})
        try:
            with _late_reads_hushed():
                restored = self._manager.restore(step, args=composite)
            position = restored["position"]
            return restored[item], Position(position["epochs"], tuple(position["losses"]))
        except Exception as error:  # Orbax raises errors of many kinds, also if the structure differs
            raise InputError(
                f"{self._where(step)} cannot be restored ({type(error).__name__}); train again"
            ) from error

    def _refuse_full_disk(self, *state: Any) -> None:
        """Raise InputError if the disk is full: Orbax would print pages of tracebacks from many threads."""
        needed = 2 * sum(leaf.nbytes for leaf in jax.tree.leaves(state)) + 2**20
        if anywhere(shutil.disk_usage(self.folder).free < needed):
            raise InputError(
                f"{self.folder}: no space left for a checkpoint of {needed / 2**20:.0f} MiB; free some, then go "
                "on with --resume"
            )

    def _seal(self) -> None:
        """Wait for the state being saved, and add it to the manifest."""
        if self._unsealed is None:
            return
        self._manager.wait_until_finished()
        known = self._manifest()
        known.pop(self._unsealed, None)  # entry of a damaged state that this one replaces
        manifest = {
            step: known.get(step)
            or {
                "error": self._errors.get(step),
                "description": self._description,
                "files": _digests(self._where(step)),
            }
            for step in self._manager.all_steps()
        }
        if leads():
            write_text(self._manifest_path, json.dumps(manifest, indent=1) + "\n")
        self._unsealed = None

    def _manifest(self) -> dict[int, dict[str, Any]]:
        """Read validation error and digests of every checkpoint; empty if the manifest is damaged."""
        try:
            manifest = json.loads(self._manifest_path.read_text(encoding="utf-8"))
            return {
                int(step): {
                    "error": entry["error"],
                    "description": entry.get("description"),
                    "files": entry["files"],
                }
                for step, entry in manifest.items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def _best(self, steps: Iterable[int]) -> int | None:
        measured = {step: self._errors.get(step) for step in steps}
        errors = {step: error for step, error in measured.items() if isinstance(error, float)}
        return min(errors, key=errors.__getitem__, default=None)

    def should_preserve(self, checkpoints: Sequence[Any], *, context: Any) -> Sequence[bool]:
        """Tell Orbax which checkpoints to keep."""
        steps = sorted(each.step for each in checkpoints)
        keep = {*steps[-2:], self._best(steps)}
        return [each.step in keep for each in checkpoints]

    @property
    def _manifest_path(self) -> Path:
        return self.folder / "manifest.json"

    def _where(self, step: int) -> Path:
        return self.folder / "checkpoints" / str(step)


@contextmanager
def _log_hushed() -> Iterator[None]:
    """Leave out the log of Orbax. It reports damaged metadata, which the manifest finds too and our errors name,
    and the time that a save has waited for another."""
    logger = logging.getLogger("absl")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def _late_reads_hushed() -> Iterator[None]:
    """Leave out the tracebacks of reads that end after one of them has failed, when Orbax has closed the event
    loop that they report to. These tracebacks come at any time until the process ends, so the hook stays after a
    failure."""
    before = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        if str(unraisable.exc_value) != "Event loop is closed":
            before(unraisable)

    sys.unraisablehook = hook
    yield
    sys.unraisablehook = before


def _alone() -> ocp.options.MultiprocessingOptions:
    """Return the options of a process that waits for no other."""
    here = jax.process_index()
    return ocp.options.MultiprocessingOptions(primary_host=here, active_processes={here})


def _digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file."""
    found = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        with path.open("rb") as file:
            found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
