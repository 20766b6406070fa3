import pytest

from pde.system.errors import InputError
from pde.system.files import folder_aside


def test_the_second_of_two_writers_that_create_a_folder_is_told_so(tmp_path):
    out = tmp_path / "run"

    def create_twice():
        with folder_aside(out), folder_aside(out) as first:
            (first / "run.json").touch()

    with pytest.raises(InputError, match="run was created by another process in the meantime"):
        create_twice()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert (out / "run.json").exists()
