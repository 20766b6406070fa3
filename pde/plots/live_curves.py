"""Learning curves that grow while a notebook trains."""

import sys
from collections.abc import Callable
from typing import Any

from pde.plots.curves import learning_curves


class LiveCurves:
    """One figure of the learning curves of several runs, drawn again after every epoch.

    Outside IPython nothing is shown, but `histories` are kept.

        curves = LiveCurves()
        train(data, out, model="mano", on_epoch=curves.of("mano"))
    """

    def __init__(self):
        self.histories: dict[str, list[dict[str, Any]]] = {}
        self._shown = None

    def of(self, name: str) -> Callable[[dict[str, Any]], None]:
        """Return the function to call with each line of metrics of the run of this name."""
        lines = self.histories[name] = []

        def on_epoch(line: dict[str, Any]) -> None:
            lines.append(line)
            self._draw()

        return on_epoch

    def _draw(self) -> None:
        if not _in_notebook():
            return
        from IPython.display import display  # present in every notebook, so no dependency

        figure = learning_curves(self.histories)
        if self._shown is None:
            self._shown = display(figure, display_id=True)
        else:
            self._shown.update(figure)


def _in_notebook() -> bool:
    """Tell if this runs in a Jupyter kernel, which displays figures."""
    return "ipykernel" in sys.modules
