import numpy as np

from pde import plots
from tests.plots.drawn import curves


def test_a_wave_stands_at_its_wave_number_in_spectra():
    x = np.arange(32) / 32
    wave = np.broadcast_to(np.cos(2 * np.pi * 6 * x)[None, :, None], (2, 32, 32))
    figure = plots.spectra(wave, {"MANO": 1.1 * wave}, trained=9)
    solution, predicted, error = (curves(figure)[name] for name in ("solution", "MANO", "MANO, error"))
    np.testing.assert_array_equal(solution.get_xdata(), np.arange(1, 17))
    np.testing.assert_allclose(solution.get_ydata()[5], 0.5, rtol=1e-6)  # the mean square of a cosine
    np.testing.assert_allclose(predicted.get_ydata()[5], 1.21 * 0.5, rtol=1e-6)
    assert solution.get_xdata()[np.argmax(solution.get_ydata())] == 6
    np.testing.assert_allclose(error.get_ydata()[5], 0.01 * solution.get_ydata()[5], rtol=1e-6)
