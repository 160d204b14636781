"""The spectra of what SGD spends its rank on, for the page across the papers."""

import numpy as np
import xarray as xr

from rankscope.comparison.ranks import SPENT, Spectrum

WHEN = {"at the start": 0, "after training": -1}
PLAIN = {"means": "orthonormal", "update": "full", "samples": "test"}


def spectra(simulated: xr.Dataset, predicted: xr.Dataset) -> list[Spectrum]:
    """Return spectra of a trained classifier's weights, and of a last-layer Hessian block.

    The singular values of the last layer's Hessian block are those of the matrix whose Gram
    matrix it is, one column per sample.
    """
    del predicted
    return [*_weights(simulated), *_last_layer(simulated)]


def _largest(simulated: xr.Dataset, model: str, size: str) -> xr.Dataset | None:
    """Return the point with most classes or neurons, among these the one of least noise."""
    chosen = (simulated.model.values == model) & (simulated.duration.values > 0)
    if model == "mixture":
        same = [simulated[name].values == value for name, value in PLAIN.items()]
        chosen &= np.all(same, axis=0) & (simulated.start.values == "gaussian")
    if not chosen.any():
        return None
    keys = [simulated[name].values for name in ("dimension", "snr", size)]
    order = np.lexsort([np.where(chosen, key, -np.inf) for key in keys])
    return simulated.isel(point=int(order[-1]))


def _weights(simulated: xr.Dataset) -> list[Spectrum]:
    point = _largest(simulated, "mixture", "classes")
    if point is None or "weight_gram" not in point:
        return []
    classes, times = int(point.classes), int(point.checkpoints)
    gram = point.weight_gram.transpose("replicate", "checkpoint", "run", "label", "other").values
    gram = gram[:, :times, 0, :classes, :classes]
    return [
        Spectrum(
            question=SPENT,
            label=f"Classifier weights {when}",
            values=_roots(np.linalg.eigvalsh(gram[:, range(times)[at]])),
            shape=(classes, int(point.dimension)),
        )
        for when, at in WHEN.items()
    ]


def _last_layer(simulated: xr.Dataset) -> list[Spectrum]:
    point = _largest(simulated, "xor", "width")
    if point is None or "last_eigenvalues" not in point:
        return []
    width, times = int(point.width), int(point.checkpoints)
    order = ("replicate", "checkpoint", "run", "last_matrix", "eigenvalue_index")
    values = point.last_eigenvalues.transpose(*order)[:, :times, 0, 0, :width].values
    samples = max(1, round(float(point.samples_per_dimension) * int(point.dimension)))
    return [
        Spectrum(
            question=SPENT,
            label=f"Last-layer Hessian {when}",
            values=_roots(values[:, range(times)[at]]),
            shape=(width, samples),
        )
        for when, at in WHEN.items()
    ]


def _roots(eigenvalues: np.ndarray) -> np.ndarray:
    return np.sqrt(np.clip(np.sort(eigenvalues, axis=-1)[:, ::-1], 0, None))
