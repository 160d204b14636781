"""What the effective spectrum says of first-layer blocks, as labelled variables."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope import datasets
from rankscope.studies.eigenspace_alignment.effective_spectrum import Spectrum

Variables = dict[str, xr.Variable]

_MEANINGS = {
    "eigenvalues": "outliers; the edge of the bulk beyond them",
    "edge": "upper edge of the bulk",
    "outliers": "number of outliers",
    "alignment": "share of the block's weights in its leading eigenspace",
    "alignment_first": "share of the block's weights along its first eigenvector",
    "smallest_cosine": "smallest cosine between leading eigenspace and span of the centres",
}
_COORDINATES = {
    "matrix": (["hessian", "g"], "Hessian, or second moment of the gradients"),
    "feature": (["mu", "nu"], "direction of a pair of centres"),
    "kind": (["outlier", "mini-bulk"], "group of eigenvalues"),
    "direction": (["own", "other"], "mean of the block's own class, or of another"),
}


@dataclasses.dataclass(frozen=True)
class Block:
    """One block; the attributes are the variables of `variables`."""

    eigenvalues: np.ndarray
    edge: float
    outliers: int
    alignment: float
    alignment_first: float
    smallest_cosine: float


def block(effective: Spectrum, vector: np.ndarray, span: int, count: int) -> Block:
    """Summarise a block whose leading eigenspace has the dimension of the centres' span.

    Args:
        effective: its spectrum.
        vector: the block's weights in the coordinates of the spectrum.
        span: dimension of the span, that of the first coordinates.
        count: eigenvalues to report.
    """
    values = np.full(count, effective.edge)
    values[: len(effective.outliers)] = effective.outliers
    return Block(
        eigenvalues=values,
        edge=effective.edge,
        outliers=len(effective.outliers),
        alignment=effective.overlap(vector, span),
        alignment_first=effective.overlap(vector, 1),
        smallest_cosine=effective.smallest_cosine(span, span),
    )


def variables(blocks: Sequence[Block], shape: tuple[int, ...], dims: tuple[str, ...]) -> Variables:
    """Label blocks that are listed in the order of ``dims``, of these lengths."""
    found = {}
    for name, meaning in _MEANINGS.items():
        values = np.array([getattr(one, name) for one in blocks])
        own = ("eigenvalue",) if values.ndim > 1 else ()
        found[name] = datasets.variable(
            (*dims, *own), values.reshape(*shape, *values.shape[1:]), meaning
        )
    return found


def dataset(times: Sequence[float], data: Variables) -> xr.Dataset:
    """Make a dataset of a point, with a coordinate for every named dimension."""
    time = datasets.variable("checkpoint", np.array(times), "training time, steps times c / d")
    labelled = xr.Dataset({"training_time": time, **data})
    return labelled.assign_coords(
        {
            name: datasets.variable(name, entries, long_name)
            for name, (entries, long_name) in _COORDINATES.items()
            if name in labelled.sizes
        }
    )
