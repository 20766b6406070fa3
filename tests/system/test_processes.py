import jax
import pytest

from pde.system.errors import InputError
from pde.system.processes import Processes


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("a:1", None, 2), "belong together"),
        (("a:1", 2, 2), "--process-id 2 must be 0 to 1"),
        (("a", 0, 2), "--coordinator a must be host:port"),
    ],
)
def test_processes_that_cannot_meet_are_refused(given, words):
    with pytest.raises(InputError, match=words):
        Processes(*given).join()


def test_a_cluster_that_cannot_be_joined_can_be_left_out(monkeypatch):
    def fails():
        raise KeyError("job-name")

    monkeypatch.setattr(jax.distributed, "initialize", fails)
    with pytest.raises(InputError, match=r"KeyError: 'job-name'.*--num-processes 1 to train in this one alone"):
        Processes().join()
    Processes(num_processes=1).join()
