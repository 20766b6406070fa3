"""Error by Fourier band, after PDEBench (Takamoto et al., NeurIPS 2022): |k| < 5 low, < 13 middle, the rest high.

Components of k are counted in periods over the points of an axis, so that a band means about the same lengths on
every grid of a domain. Fields are continued periodically: features that are not periodic, such as the kinks of a
field that is zero on its border, put some of their energy into the high band.

All coefficients are used and a band's squares are summed, so the squares of the three bands add up to the mean
square (Parseval). PDEBench's code takes only components >= 0, begins its bands at 0, 4 and 12, averages over the
integer parts of |k| in a band and takes roots of means over batches; its figures are not comparable with these.
"""

import numpy as np
from jaxtyping import Float

BANDS = {"low": (0, 5), "middle": (5, 13), "high": (13, np.inf)}
"""Lower limits of |k| of each band and of the next."""

Fields = Float[np.ndarray, " sample *grid"]


def band_rms(fields: Fields) -> dict[str, Float[np.ndarray, " sample"]]:
    """Root mean square over points of the part of each field that lies in each band, in the field's unit."""
    power, squared = _power(fields)
    points = tuple(range(1, fields.ndim))
    return {
        name: np.sqrt(np.sum(power, axis=points, where=(squared >= first**2) & (squared < end**2)))
        for name, (first, end) in BANDS.items()
    }


def shell_energy(fields: Fields) -> Float[np.ndarray, "sample shell"]:
    """Energy of each field in the shells k - 1/2 <= |k| < k + 1/2, k = 0, 1, 2 ..., in the field's unit squared.

    All shells of a field add up to its mean square (Parseval). Shells beyond half the number of points of an axis
    are incomplete: they lie in the corners of the wave numbers.
    """
    power, squared = _power(fields)
    shells = np.rint(np.sqrt(squared)).astype(int).ravel()
    return np.stack([np.bincount(shells, weights=each.ravel()) for each in power])


def _power(fields: Fields) -> tuple[Float[np.ndarray, " sample *k"], Float[np.ndarray, "*k"]]:
    """Squared Fourier coefficients, whose sum is the mean square, and the |k|^2 of each."""
    power = np.abs(np.fft.fftn(fields, axes=tuple(range(1, fields.ndim))) / fields[0].size) ** 2
    # In integers: a rounded root would put |k| = 5 below 5.
    components = (np.rint(n * np.fft.fftfreq(n)) for n in fields.shape[1:])
    return power, np.sum(np.meshgrid(*(k**2 for k in components), indexing="ij"), axis=0)
