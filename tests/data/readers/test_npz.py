import numpy as np

from pde.data import datasets
from tests.data.readers.files import FIXTURES
from tests.fixtures import make


def test_arrays_of_numpy_carry_more_inputs_and_what_is_known_of_the_border():
    data = datasets.open(FIXTURES / "arrays.npz", inputs=("coefficient", "source"))
    coefficient, solution = make.fields(3, 6, 8)
    np.testing.assert_array_equal(data.read_inputs(), np.stack([coefficient, -coefficient], axis=-1))
    np.testing.assert_array_equal(data.read_outputs()[..., 0], make.with_zero_border(solution))
    assert data.grid.on_nodes
    assert data.outputs[0].border == "zero"
    assert data.grid.domain == (0, 1, 0, 2)
