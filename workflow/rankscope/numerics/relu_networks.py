"""Random fully connected ReLU networks seen through one batch, one decomposition per layer.

A layer maps the features ``H`` (m inputs x n units) to ``phi(H W^T + 1 b^T)``, with
``phi(z) = max(z, a z)``, weights of variance ``2 / ((1 + a^2) fan_in)`` (He scale) and
biases of a given variance. Nothing but the batch is ever looked at, which is what makes the
*reduced* sampler possible.

**The reduced sampler is exact in law.** Let ``H = C Q`` with ``Q`` (k x n) of orthonormal
rows, for example from a QR factorisation of ``H^T``.

* Gaussian ``W`` with iid entries of variance ``s^2``: given ``H``, the rows of ``W`` are
  independent of everything drawn before, and ``H W^T = C (Q W^T)``. The columns of
  ``Q W^T`` are iid normal with covariance ``s^2 Q Q^T = s^2 I_k``, so that
  ``Q W^T = s G`` in law, with ``G`` (k x n) standard normal. A layer needs ``k n``
  normals, where ``k <= min(m, live units)`` bounds the rank of ``H``, and never the
  ``n fan_in`` of its weights.
* Orthogonal ``W``: extend ``Q`` to an orthogonal matrix. By the invariance of Haar measure
  ``Q W^T`` has the law of the first k rows of a Haar matrix, a uniform orthonormal frame.

By induction over the layers the joint law of all features is that of the network with
explicit weights. The weights themselves do not exist, so nothing can be asked about them.

Any ``C`` with ``C C^T = H H^T`` serves. A column of zeros (a unit that is dead on the
batch) can be dropped from ``H`` without changing ``H H^T``.
"""

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.linalg import lapack

GRAM_FLOOR = 1e-10
"""Least eigenvalue, relative to the largest, at which a Gram matrix may replace an SVD."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Network:
    """The law of a network.

    Attributes:
        width: units n of every layer.
        depth: number of layers.
        negative_slope: slope a of the activation for negative arguments, at most 1.
        bias_variance: variance of the biases.
        orthogonal: whether weights are (blocks of) Haar orthogonal matrices at He scale
            rather than iid Gaussian.
    """

    width: int
    depth: int
    negative_slope: float = 0.0
    bias_variance: float = 0.0
    orthogonal: bool = False

    def weight_scale(self, fan_in: int) -> float:
        """Return the factor of a standard normal matrix, or of an orthonormal frame."""
        gain = 2.0 / (1.0 + self.negative_slope**2)
        size = max(fan_in, self.width) if self.orthogonal else 1
        return float(np.sqrt(gain * size / fan_in))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Layer:
    """What one layer's features H (m x n) look like on the batch.

    Attributes:
        singular_values: of H, descending, ``min(m, n)`` of them.
        factor: C with ``C C^T = H H^T``, shape ``(m, k)``, ``k <= min(m, live units)``.
        dead: units whose features are zero on the whole batch.
        linear: units that act linearly on the whole batch and are not dead.
        mixed: units whose pre-activations have both signs on the batch.
        gates: where pre-activations are positive, shape ``(m, n)``; ``None`` unless kept.
        preactivations: shape ``(m, n)``; ``None`` unless kept.
        by_gram: whether the singular values come from the Gram matrix.
    """

    singular_values: np.ndarray
    factor: np.ndarray
    dead: int
    linear: int
    mixed: int
    gates: np.ndarray | None
    preactivations: np.ndarray | None
    by_gram: bool


def layers(
    inputs: np.ndarray,
    network: Network,
    generator: np.random.Generator,
    *,
    explicit: bool = False,
    keep_gates: bool = False,
    keep_preactivations: bool = False,
    tolerances: Sequence[float] = (1e-1, 1e-2, 1e-3),
) -> Iterator[Layer]:
    """Draw a network and yield its layers on a batch, from the first.

    Args:
        inputs: the batch, shape ``(m, fan_in of the first layer)``.
        network: the law of the network.
        generator: the source of all randomness.
        explicit: draw every weight matrix (the reference) instead of the reduced sampler.
        keep_gates: keep the gates in each layer.
        keep_preactivations: keep the pre-activations in each layer.
        tolerances: relative tolerances of the numerical ranks that will be read off the
            singular values; the Gram route is taken only where it leaves all of them
            unchanged.
    """
    draw = _draw_explicit if explicit else _draw_reduced
    fan_in = inputs.shape[1]
    features = inputs
    factor = features if explicit else decompose(features)[1]
    gram = True
    for _ in range(network.depth):
        source = features if explicit else factor
        values = draw(source, fan_in, network, generator)
        if network.bias_variance > 0:
            values += np.sqrt(network.bias_variance) * generator.standard_normal(network.width)
        gates = values > 0 if keep_gates else None
        preactivations = values.copy() if keep_preactivations else None
        positive, negative = values.max(axis=0) > 0, values.min(axis=0) < 0
        features = _activate(values, network.negative_slope)
        dead = 0 if network.negative_slope else int(np.count_nonzero(~positive))
        live = features if dead == 0 else features.compress(positive, axis=1)
        singular_values, factor, gram = decompose(live, tolerances, gram=gram)
        mixed = int(np.count_nonzero(positive & negative))
        yield Layer(
            singular_values=_pad(singular_values, min(len(inputs), network.width)),
            factor=factor,
            dead=dead,
            linear=network.width - dead - mixed,
            mixed=mixed,
            gates=gates,
            preactivations=preactivations,
            by_gram=gram,
        )
        fan_in = network.width


def variations(
    inputs: np.ndarray, network: Network, generator: np.random.Generator
) -> Iterator[np.ndarray]:
    """Draw a network and yield, per layer, how it maps small variations of its first input.

    The variations are the inputs themselves, so that the maps are ``J X^T`` with J the layer's
    Jacobian at the first input. A layer maps a variation ``t`` to
    ``phi'(z) * W t``, with ``z`` the pre-activation of the first input, and that input's
    features are ``phi'(z) * z``: one reduced draw serves both.

    Args:
        inputs: the batch X, shape ``(m, fan_in of the first layer)``.
        network: the law of the network.
        generator: the source of all randomness.

    Yields:
        A factor C with ``C C^T = X J^T J X^T``, shape ``(m, k)``, k at most ``min(m + 1, n)``.
    """
    size, fan_in = inputs.shape
    factor = _triangular(np.vstack([inputs, inputs[:1]]))
    for _ in range(network.depth):
        values = _draw_reduced(factor, fan_in, network, generator)
        if network.bias_variance > 0:
            biases = generator.standard_normal(network.width)
            values[-1] += np.sqrt(network.bias_variance) * biases
        slope = np.where(values[-1] > 0, 1.0, network.negative_slope)
        live = slope != 0
        factor = _triangular(values.compress(live, axis=1) * slope[live])
        # the factor's first rows are a factor of the variations alone
        yield factor[:size]
        fan_in = network.width


def decompose(
    features: np.ndarray, tolerances: Sequence[float] = (), *, gram: bool = False
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return singular values, a factor ``C`` with ``C C^T = H H^T``, and the route taken.

    With no more columns than rows ``H`` is its own factor, and its values come from one
    SVD. With more columns they come from the triangular factor of ``H^T = Q R``, or, if
    asked for and shown to be harmless (see `gram_is_safe`), from the eigenvalues of
    ``H H^T``, with its Cholesky factor as ``C``.

    Args:
        features: H, shape ``(m, k)``.
        tolerances: relative tolerances of the ranks that must not change.
        gram: try the Gram matrix first.

    Returns:
        ``min(m, k)`` singular values, descending; the factor; whether they come from the
        Gram matrix.
    """
    rows, columns = features.shape
    if columns <= rows:
        return _singular_values(features), features, False
    if gram:
        matrix = features @ features.T
        # a matrix that is not definite shows it long before its eigenvalues do
        if _is_definite(matrix):
            eigenvalues = np.linalg.eigvalsh(matrix)[::-1]
            if gram_is_safe(eigenvalues, columns, tolerances):
                return np.sqrt(eigenvalues), np.linalg.cholesky(matrix), True
    factor = _triangular(features)
    return _singular_values(factor), factor, False


def _triangular(features: np.ndarray) -> np.ndarray:
    """Return a factor of no more columns than rows."""
    if features.shape[1] <= features.shape[0]:
        return features
    # numpy's types know the pair of mode "reduced" only
    return np.asarray(np.linalg.qr(features.T, mode="r")).T


def gram_is_safe(eigenvalues: np.ndarray, columns: int, tolerances: Sequence[float]) -> bool:
    """Say whether the eigenvalues of a computed Gram matrix give every rank that an SVD gives.

    The rounding errors of forming ``H H^T`` (``k eps |H| |H|^T`` entry by entry) and of its
    eigenvalues move no eigenvalue by more than ``d = (k + m) eps trace``. A rank at relative
    tolerance t counts eigenvalues above ``t^2 lambda_1``, so it is unchanged if none lies
    within ``(1 + t^2) d`` of that. The least eigenvalue must also exceed ``GRAM_FLOOR``
    times the largest: then ``H`` has full row rank, every stored singular value keeps at
    least half of its digits' worth (relative error about ``0.1 eps lambda_1 / lambda_m``),
    and the Cholesky factor exists.

    Args:
        eigenvalues: descending, shape ``(m,)``.
        columns: number k of columns of ``H``.
        tolerances: relative tolerances t of the ranks.
    """
    largest, least = eigenvalues[0], eigenvalues[-1]
    if not least > GRAM_FLOOR * largest:
        return False
    doubt = (columns + len(eigenvalues)) * np.finfo(np.float64).eps * eigenvalues.sum()
    squares = np.square(np.asarray(tolerances, dtype=float))[:, None]
    return bool((np.abs(eigenvalues - squares * largest) > (1 + squares) * doubt).all())


def has_full_rank(gram: np.ndarray, columns: int) -> bool:
    """Say whether a computed Gram matrix shows that ``H`` has full row rank, far from doubt.

    No eigenvalue is off by more than d of `gram_is_safe`. If ``H H^T - 2 d`` has a Cholesky
    factor, the least is above d, and so far above the square of the tolerance of exact rank.

    Args:
        gram: ``H H^T``, shape ``(m, m)``.
        columns: number k of columns of ``H``.
    """
    doubt = (columns + len(gram)) * np.finfo(np.float64).eps * np.trace(gram)
    return _is_definite(gram - 2 * doubt * np.eye(len(gram)))


def rank_bound(
    previous: int | np.ndarray, layer: Layer, rows: int, *, bias: bool = False
) -> int | np.ndarray:
    """Return the deterministic upper bound on a layer's exact rank, given the layer before.

    A dead unit adds nothing; the columns of units that act linearly lie in the span of the
    previous features (and of the constant, with a bias), so that
    ``rank <= min(m, n - dead, min(previous, linear) + mixed)``. Derived in docs.

    Args:
        previous: exact rank of the previous layer's features.
        layer: the layer.
        rows: batch size m.
        bias: whether units have biases.
    """
    linear = np.minimum(previous + bias, layer.linear)
    return np.minimum(rows, np.minimum(layer.linear, linear) + layer.mixed)


def orthonormal_frame(rows: int, columns: int, generator: np.random.Generator) -> np.ndarray:
    """Return ``rows <= columns`` orthonormal rows, uniform on the Stiefel manifold.

    The orthogonal factor of a Gaussian matrix, with the signs that make it unique
    (Mezzadri, Notices AMS 54, 2007).
    """
    matrix = generator.standard_normal((columns, rows))
    if columns >= 2 * rows:
        # so well conditioned (6 or less in large matrices) that squaring costs two digits
        inverse, _ = lapack.dtrtri(lapack.dpotrf(matrix.T @ matrix, lower=True)[0], lower=True)
        return inverse @ matrix.T
    factor, triangle = np.linalg.qr(matrix)
    return (factor * np.sign(np.diagonal(triangle))).T


def _draw_reduced(
    factor: np.ndarray, fan_in: int, network: Network, generator: np.random.Generator
) -> np.ndarray:
    rows, scale = factor.shape[1], network.weight_scale(fan_in)
    if network.orthogonal:
        frame = orthonormal_frame(rows, max(fan_in, network.width), generator)
        draws = frame[:, : network.width]
    else:
        draws = generator.standard_normal((rows, network.width))
    return (scale * factor) @ draws


def _draw_explicit(
    features: np.ndarray, fan_in: int, network: Network, generator: np.random.Generator
) -> np.ndarray:
    if network.orthogonal:
        size = max(fan_in, network.width)
        weights = orthonormal_frame(size, size, generator)[: network.width, :fan_in]
    else:
        weights = generator.standard_normal((network.width, fan_in))
    return features @ (network.weight_scale(fan_in) * weights).T


def _activate(values: np.ndarray, negative_slope: float) -> np.ndarray:
    if negative_slope == 0:
        return np.maximum(values, 0.0, out=values)
    return np.maximum(values, negative_slope * values)


def _is_definite(matrix: np.ndarray) -> bool:
    return bool(lapack.dpotrf(matrix, lower=True)[1] == 0)


def _singular_values(matrix: np.ndarray) -> np.ndarray:
    if matrix.shape[1] == 0:
        return np.zeros(0)
    return np.linalg.svd(matrix, compute_uv=False)


def _pad(values: np.ndarray, length: int) -> np.ndarray:
    if len(values) == length:
        return values
    return np.concatenate([values, np.zeros(length - len(values))])
