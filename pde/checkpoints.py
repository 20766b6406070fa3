"""What is saved of a training state, and how it comes back. The one place that knows Orbax."""

import math
from pathlib import Path
from typing import Any

import orbax.checkpoint as ocp
from orbax.checkpoint.checkpoint_managers import preservation_policy

from pde.errors import InputError
from pde.interrupts import deferred_interrupt


class Checkpoints:
    """The last state of a run, and the best of a validated one: `params` and `optimiser`, both plain pytrees,
    named by epoch.

    Best is the lowest validation error. A checkpoint appears whole or not at all.
    """

    def __init__(self, folder: Path, *, validated: bool, create: bool = True):
        last = preservation_policy.LatestN(1)
        best = preservation_policy.BestN(
            get_metric_fn=_error, reverse=True, n=1, keep_checkpoints_without_metrics=False
        )
        keep = preservation_policy.AnyPreservationPolicy([last, best]) if validated else last
        self.folder = folder
        self._manager = ocp.CheckpointManager(
            (folder / "checkpoints").resolve(),
            options=ocp.CheckpointManagerOptions(
                preservation_policy=keep,
                best_fn=_error if validated else None,
                best_mode="min",
                enable_background_delete=False,
                create=create,
            ),
        )

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, *_: object) -> None:
        with deferred_interrupt():
            self._manager.close()

    def save(self, epoch: int, params: Any, optimiser: Any, validation_error: float | None) -> None:
        """Save the state after an epoch (in the background; closing waits for it). A Ctrl-C waits as well: Orbax
        interrupted in its midst hangs at exit."""
        items = ocp.args.Composite(
            params=ocp.args.StandardSave(params), optimiser=ocp.args.StandardSave(optimiser)
        )
        measured = validation_error is not None and math.isfinite(validation_error)
        metrics = {"error": validation_error} if measured else None
        with deferred_interrupt():
            self._manager.save(epoch, args=items, metrics=metrics)

    def last_epoch(self) -> int | None:
        return self._manager.latest_step()

    def restore_last(self, params: Any, optimiser: Any) -> tuple[Any, Any]:
        """The last state, in the structure of the given one."""
        restored = self._restore(self._last(), params=params, optimiser=optimiser)
        return restored["params"], restored["optimiser"]

    def restore_best(self, params: Any) -> tuple[Any, int]:
        """The parameters with the lowest validation error, or the last ones where there was no validation."""
        epoch = self._manager.best_step()
        epoch = self._last() if epoch is None else epoch
        return self._restore(epoch, params=params)["params"], epoch

    def _last(self) -> int:
        epoch = self.last_epoch()
        if epoch is None:
            raise InputError(f"{self.folder} holds no checkpoint yet; train it to the end of an epoch first")
        return epoch

    def _restore(self, epoch: int, **items: Any) -> Any:
        args = {name: ocp.args.StandardRestore(item) for name, item in items.items()}
        try:
            return self._manager.restore(epoch, args=ocp.args.Composite(**args))
        except Exception as error:  # Orbax raises of many kinds on damaged files
            where = self.folder / "checkpoints" / str(epoch)
            raise InputError(f"{where} cannot be restored ({type(error).__name__}); train again") from error


def _error(metrics: dict[str, float]) -> float:
    return metrics["error"]
