import pytest

from pde.grids.outputs import Output, outputs_of, said_of, silent, told, zero_everywhere
from pde.system.errors import InputError


@pytest.mark.parametrize(
    "said",
    [
        "zero",
        "unknown",
        {"pressure": "zero", "flux": ["neumann", "unknown"]},
        {"pressure": ("zero", "zero"), "flux": ("zero", "neumann")},
    ],
)
def test_what_a_file_says_of_borders_comes_back(said):
    outputs = outputs_of(("pressure", "flux"), said, 2)
    assert outputs_of(("pressure", "flux"), said_of(outputs), 2) == outputs
    assert zero_everywhere(outputs) == (said == "zero")
    assert silent(outputs) == (said == "unknown")


def test_an_output_of_which_nothing_is_said_has_unknown_borders():
    outputs = outputs_of(("pressure", "flux"), {"pressure": "zero"}, 3)
    assert outputs == (Output("pressure", ("zero",) * 3), Output("flux", ("unknown",) * 3))


def test_borders_in_words():
    (output,) = outputs_of(("flux",), {"flux": ["unknown", "zero"]}, 2)
    assert output.border == "unknown along x and zero along y"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("closed", "boundary of flux is 'closed'; it must be zero, neumann or unknown"),
        ({"flux": ["zero"]}, "for each of the 2 axes"),
        ({"flux": 3}, "boundary of flux is 3"),
        ({"flow": "zero"}, "boundary of flow: the outputs are flux; did you mean flux"),
    ],
)
def test_borders_that_make_no_sense_are_refused(said, message):
    with pytest.raises(InputError, match=message):
        outputs_of(("flux",), said, 2)


def test_only_outputs_that_know_nothing_are_told():
    own, said = outputs_of(("a", "b"), "unknown", 1), outputs_of(("b", "c"), "zero", 1)
    assert told(own, said) == (own[0], said[0])
    known = outputs_of(("a", "b"), {"a": "zero"}, 1)
    assert told(known, said) == known
