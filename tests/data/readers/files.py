"""The fixtures of all formats, and copies of them with something changed."""

from pathlib import Path

import h5py
import numpy as np

from pde.data import datasets

FIXTURES = Path(__file__).parents[2] / "fixtures"
CENTRES_6 = (np.arange(6) + 0.5) / 6
CENTRES_8 = (np.arange(8) + 0.5) / 8

LI = ("li_5.mat", "li_5_compressed.mat", "li_7_3.mat")
EVERY = (*LI, "neuraloperator.pt", "pdebench.hdf5", "arrays.npz")


def read(name):
    """A fixture, opened."""
    return datasets.open(FIXTURES / name)


def altered(folder, name, change):
    """A copy of an HDF5 fixture with something done to it."""
    path = folder / name
    path.write_bytes((FIXTURES / name).read_bytes())
    with h5py.File(path, "r+") as file:
        change(file)
    return path
