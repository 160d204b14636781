"""Leading eigenpairs and spectral density of the Hessian, by Lanczos on exact products."""

from collections.abc import Callable

import numpy as np

from rankscope.numerics import (
    dense_networks,
    eigenpairs,
    gradient_moments,
    spectral_density,
    subspaces,
)
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.dense_networks import Weights
from rankscope.studies.trained_networks.parameters import Parameters
from rankscope.studies.trained_networks.simulation import curvature
from rankscope.studies.trained_networks.simulation.photographs import Data

TOLERANCE = 1e-3
"""Of residuals, over the largest eigenvalue; an eigenvalue is then good to 1e-6 over its gap."""
ROUGHLY = 0.05
"""The same, of the norm."""
MOST_STEPS = 200
PROBES, QUADRATURE_STEPS = 2, 60
DENSITY = np.linspace(-0.6, 1.1, 171)
"""Where the density is taken, over the largest eigenvalue."""
SMOOTHING = 0.01
"""Standard deviation of the kernel, over the same."""

LABELS = {
    "hessian_eigenvalue": "2 k + 1 largest eigenvalues of the whole network's Hessian",
    "hessian_residual": "largest residual of the first k + 1 of them, over the largest",
    "hessian_outliers": "eigenvalues of the Hessian before the largest gap",
    "hessian_share": "share of a direction's square in the Hessian's k leading eigenvectors",
    "hessian_density": "density of the Hessian's eigenvalues over the largest",
    "hessian_in_gauss_newton": "share of the Hessian's k - 1 leading eigenvectors in the span of "
    "the k leading ones of the Gauss-Newton matrix of the same images",
}
DIMENSIONS = {
    "hessian_eigenvalue": ("leading",),
    "hessian_share": ("direction",),
    "hessian_density": ("relative_eigenvalue",),
}


def measure(
    parameters: Parameters, data: Data, weights: Weights, directions: list[Weights]
) -> dict[str, np.ndarray | float]:
    """Measure the Hessian on the images that make the Gauss-Newton matrix.

    Args:
        parameters: the point.
        data: its images.
        weights: of one network.
        directions: in the space of weights, whose shares are measured.
    """
    k, law = parameters.classes, ACTIVATIONS[parameters.activation]
    few = parameters.curvature_per_class * k
    found = dense_networks.forward(weights, data.images[:few], law)
    virtual = curvature.gradients(weights, found, few)
    gauss_newton = gradient_moments.leading_directions(virtual, k)
    shapes = [w.shape for w in weights]

    def product(rows: np.ndarray) -> np.ndarray:
        along = _layers(rows[0], shapes)
        return _flat(dense_networks.hessian_product(weights, found, data.labels[:few], law, along))[
            None
        ]

    start = np.random.default_rng(0).standard_normal((1, sum(w.size for w in weights)))
    start = start.astype(np.float32)
    # a shift by the norm makes the largest eigenvalues the largest in absolute value too
    norm = np.abs(eigenpairs.lanczos(product, start, 1, ROUGHLY).values[0, 0])
    pairs = eigenpairs.lanczos(
        lambda rows: product(rows) + norm * rows, start, 2 * k + 1, TOLERANCE, MOST_STEPS
    )
    values, vectors = pairs.values[0] - norm, pairs.vectors[0]
    flat = [_flat(one).astype(float) for one in directions]
    span = np.stack([_flat([w[i] for w in gauss_newton]) for i in range(k)], axis=1)
    inside = subspaces.overlap(vectors[:, : k - 1].T, span)
    return {
        "hessian_eigenvalue": values,
        "hessian_residual": float(pairs.residual[0, : k + 1].max()),
        "hessian_outliers": gradient_moments.outliers_by_gap(np.maximum(values, 0.0), 2 * k),
        "hessian_density": _density(product, start.size, values[0]),
        "hessian_share": np.array([subspaces.overlap(one, vectors[:, :k]) ** 2 for one in flat]),
        "hessian_in_gauss_newton": float((inside**2).mean()),
    }


def _density(product: Callable[[np.ndarray], np.ndarray], size: int, largest: float) -> np.ndarray:
    """Return the density of eigenvalues over the largest, each smoothed by a Gaussian."""
    probes = np.random.default_rng(1).standard_normal((PROBES, size))
    found = spectral_density.quadrature(
        lambda row: product(row[None].astype(np.float32))[0], probes, QUADRATURE_STEPS
    )
    relative = spectral_density.Quadrature(found.nodes / largest, found.weights)
    return spectral_density.smoothed(relative, DENSITY, SMOOTHING)


def _flat(layers: Weights) -> np.ndarray:
    return np.concatenate([one.ravel() for one in layers])


def _layers(flat: np.ndarray, shapes: list[tuple[int, ...]]) -> Weights:
    places = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]
    return [part.reshape(s) for part, s in zip(np.split(flat, places), shapes, strict=True)]
