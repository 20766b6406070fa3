"""The solver's work does not grow with the grid, nor much with the contrast. The full table is
`benchmarks/speed/iterations.py`, of which this is the small end.
"""

import pytest

from benchmarks.speed.iterations import iterations
from tests.cases import slow


@pytest.mark.parametrize(
    "shape",
    [(65, 65), *(slow(shape) for shape in ((65, 130), (100, 100), (129, 129)))],
)
def test_few_iterations_whatever_the_size_and_the_contrast(shape):
    most = iterations(shape, 1.0, 2)
    assert most["two-phase 12/3"] <= 15
    assert most["log-normal, contrast 1e6"] <= 25
