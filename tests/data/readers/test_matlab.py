import numpy as np
import pytest

from tests.command_line import refused
from tests.data.readers.files import CENTRES_6, FIXTURES, LI, read
from tests.fixtures import make


@pytest.mark.parametrize("name", LI)
def test_li_et_al_are_on_cell_centres_with_samples_first(name):
    data = read(name)
    coefficient, solution = make.fields(3, 6, 6)
    np.testing.assert_array_equal(data.read_inputs()[..., 0], coefficient.astype(np.float32))
    np.testing.assert_array_equal(data.read_outputs(slice(1, 3), 2)[..., 0], solution[1:3, ::2, ::2])
    np.testing.assert_allclose(data.grid.x, CENTRES_6)
    np.testing.assert_allclose(data.grid.strided(2).y, CENTRES_6[::2])
    assert data.outputs[0].border == "zero"
    assert data.grid.domain == (0, 1, 0, 1)
    assert not data.grid.on_nodes


def test_a_file_larger_than_the_memory_is_not_called_damaged(capsys, monkeypatch):
    def no_room(*_, **__):
        raise MemoryError

    monkeypatch.setattr("pde.data.readers.matlab.loadmat", no_room)
    assert "larger than the memory" in refused(capsys, "info", FIXTURES / "li_5.mat")
