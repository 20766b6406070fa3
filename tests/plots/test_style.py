import pytest
from matplotlib.image import imread

from pde import InputError, plots
from tests.plots.drawn import GRID, X


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_same_figure_is_saved_as_the_same_bytes(tmp_path, suffix):
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    for path in (first, second):
        plots.save(plots.fields({"one": X}, GRID), path)
    assert first.read_bytes() == second.read_bytes()
    if suffix == ".png":
        assert imread(first).std() > 0.1
    else:
        assert first.read_text().startswith("<?xml")
    with pytest.raises(InputError, match=r"figure\.tiff: figures are written as \.png or \.svg"):
        plots.save(plots.fields({"one": X}, GRID), tmp_path / "figure.tiff")
