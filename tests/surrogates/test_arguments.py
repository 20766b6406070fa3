import numpy as np
import pytest

from pde.surrogates.arguments import as_samples
from pde.system.errors import InputError


def test_one_or_many_fields_of_several_inputs():
    a = np.arange(24, dtype=np.float32).reshape(2, 3, 4, 1)
    both = np.concatenate([a, a + 1], axis=-1)
    for fields, inputs, shape in (
        (a[0, ..., 0], ("a",), (3, 4)),
        (a[..., 0], ("a",), (2, 3, 4)),
        (a, ("a",), (2, 3, 4, 1)),
        (both[0], ("a", "b"), (3, 4, 1)),
        (both, ("a", "b"), (2, 3, 4, 1)),
    ):
        samples, goes_back = as_samples(fields, inputs, 2, 1)
        np.testing.assert_array_equal(samples, (both if len(inputs) == 2 else a)[: len(samples)])
        assert goes_back == shape
    for wrong in (both[0, ..., 0], both[..., :1], a[..., None]):
        with pytest.raises(InputError, match="one channel for each of a, b"):
            as_samples(wrong, ("a", "b"), 2, 1)
