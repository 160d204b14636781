"""Coordinates of the measured datasets."""

import xarray as xr

from rankscope import datasets

COORDINATES = {
    "matrix": (["hessian", "g"], "Hessian, or second moment of the gradients"),
    "last_matrix": (["hessian", "g", "regularised g"], "last-layer matrix"),
    "source": (["test", "train"], "samples of the matrix"),
    "feature": (["mu", "nu"], "direction of a pair of centres"),
}


def labelled(data: dict[str, xr.Variable]) -> xr.Dataset:
    """Make a dataset of variables, with a coordinate for every named dimension they use."""
    dataset = xr.Dataset(data)
    return dataset.assign_coords(
        {
            name: datasets.variable(name, entries[: dataset.sizes[name]], long_name)
            for name, (entries, long_name) in COORDINATES.items()
            if name in dataset.sizes
        }
    )
