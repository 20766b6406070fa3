import numpy as np

from tests.data.readers.files import read
from tests.fixtures import make


def test_neuraloperator_is_at_i_over_n():
    data = read("neuraloperator.pt")
    coefficient, solution = make.fields(4, 8, 8)
    np.testing.assert_array_equal(data.read_inputs()[..., 0], coefficient % 0.25 < 0.1)
    np.testing.assert_array_equal(data.read_outputs()[..., 0], make.with_zero_start(solution))
    np.testing.assert_array_equal(data.grid.x, np.arange(8) / 8)
    np.testing.assert_array_equal(data.grid.strided(data.stride_to(4)).y, np.arange(0, 8, 2) / 8)
    assert data.outputs[0].border == "zero"
    assert data.grid.domain == (0, 1, 0, 1)
