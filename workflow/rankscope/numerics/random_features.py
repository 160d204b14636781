"""Random networks of several architectures, seen through one batch of inputs.

Rows of ``h`` (m x n) are the features of the inputs. With ``g`` the gain at which
``E (g phi(z))^2 = 1`` for standard normal ``z``, and rows of unit mean square after ``norm``:

* plain: ``h' = g phi(W h)``;
* layer-norm: ``h' = norm(g phi(W h) - mean over units)``;
* batch-norm: ``h' = g phi(z)``, ``z`` the columns of ``W h`` less their mean over the batch, of
  unit mean square;
* residual: ``h' = h + s V g phi(W norm(h))``.

Entries of ``W`` and ``V`` have variance ``1 / fan_in``. They are never drawn: given ``h``, the
rows of ``W h`` are those of ``C G`` with ``C C^T = h h^T / fan_in`` and ``G`` standard normal
(see `relu_networks` for the proof).
"""

from collections.abc import Callable, Iterator

import numpy as np
from scipy import special
from scipy.linalg import lapack

FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "relu": lambda z: np.maximum(z, 0.0),
    "tanh": np.tanh,
    "gelu": lambda z: z * special.ndtr(z),
    "silu": lambda z: z * special.expit(z),
}
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(200)


def gain(activation: str) -> float:
    """Return ``(E phi(z)^2)^(-1/2)`` for standard normal ``z``."""
    square = _WEIGHTS @ FUNCTIONS[activation](_NODES) ** 2 / _WEIGHTS.sum()
    return float(square**-0.5)


def layers(
    inputs: np.ndarray,
    activation: str,
    width: int,
    depth: int,
    generator: np.random.Generator,
    *,
    layer_norm: bool = False,
    batch_norm: bool = False,
    branch: float = 0.0,
) -> Iterator[np.ndarray]:
    """Draw a network and yield its features on a batch, layer by layer.

    Args:
        inputs: shape ``(m, d)``, rows of mean square 1.
        activation: a key of `FUNCTIONS`.
        width: units n.
        depth: number of layers, or of residual blocks after a first linear layer.
        generator: the source of all randomness.
        layer_norm: whether features are centred over units and normalised.
        batch_norm: whether pre-activations are centred over the batch and normalised.
        branch: weight s of residual blocks; 0 for none.

    Yields:
        Shape ``(m, n)``.
    """
    function, scale = FUNCTIONS[activation], gain(activation)
    features = _linear(inputs, width, generator) if branch else inputs
    for _ in range(depth):
        if branch:
            inner = scale * function(_linear(_normalised(features), width, generator))
            features = features + branch * _linear(inner, width, generator)
        else:
            inner = _linear(features, width, generator)
            if batch_norm:
                inner = _normalised((inner - inner.mean(axis=0)).T).T
            features = scale * function(inner)
        if layer_norm:
            features = _normalised(features - features.mean(axis=1, keepdims=True))
        yield features


def _linear(features: np.ndarray, width: int, generator: np.random.Generator) -> np.ndarray:
    """Return the features times a new Gaussian matrix, by its law on the batch."""
    # features.T is in LAPACK's order, and of the factors Q is not needed
    upper = lapack.dgeqrf(features.T)[0][: min(features.shape)]
    normals = generator.standard_normal((len(upper), width))
    return np.asarray((np.triu(upper).T / np.sqrt(features.shape[1])) @ normals)


def _normalised(features: np.ndarray) -> np.ndarray:
    """Return rows of mean square 1; a row of zeros stays one."""
    length = np.sqrt(np.mean(features**2, axis=1, keepdims=True))
    return features * np.divide(1, length, out=np.zeros_like(length), where=length > 0)
