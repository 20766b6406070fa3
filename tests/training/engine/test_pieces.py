"""How a batch is divided into pieces that fit the cache."""

import pytest

from pde.training.engine.pieces import pieces


@pytest.mark.parametrize(
    ("samples", "side", "number"), [(10, 31, 1), (10, 61, 5), (10, 85, 10), (32, 64, 16), (1, 421, 1), (7, 61, 7)]
)
def test_a_piece_on_a_cpu_has_at_most_ten_thousand_points_or_one_sample(samples, side, number):
    assert pieces(samples, side**2) == number
    assert samples % number == 0
    assert samples // number * side**2 <= 10_000 or number == samples
