"""Cases of parametrized tests."""

import pytest


def slow(*values):
    """A case that `make check` runs and `make test` leaves out."""
    return pytest.param(*values, marks=pytest.mark.slow)
