"""The affine-Wishart chain: the whole spectrum at finite width, without any ReLU.

From ``X_0 = I`` of size ``m - 1``, each layer draws

    X' = Sigma^(1/2) W Sigma^(1/2) / trace,   Sigma = r X + (1 - r) (tr X / (m - 1)) I,

with ``W`` Wishart of ``n / kappa`` degrees of freedom, ``r`` and ``kappa`` those of
`fluctuations`. The features' eigenvalues are ``1 + (m - 1) c`` and ``(1 - c)`` times
those of ``X`` (normalised to mean 1). The first layer is Marchenko and Pastur's law of ratio
``kappa m / n``. For equicorrelated batches; derived in docs. It is a Monte Carlo average over
chains from a fixed stream, and its standard error is given.
"""

import numpy as np

SEED = 250707675
CHAINS = 64


def eigenvalues(
    batch_size: int,
    width: int,
    after: np.ndarray,
    damping: np.ndarray,
    injection: np.ndarray,
    chains: int = CHAINS,
) -> np.ndarray:
    """Run chains and return the features' eigenvalues, descending.

    A Wishart matrix of real degrees of freedom needs more than ``m - 2`` of them: from the
    first layer where ``n / kappa`` is less, the result is ``nan``.

    Args:
        batch_size: m.
        width: n.
        after: cosines c of the features at layers 1 to L.
        damping: r at those layers.
        injection: kappa at those layers.
        chains: number of chains.

    Returns:
        Shape ``(chains, L, m)``, in units of the mean squared feature.
    """
    generator = np.random.Generator(np.random.PCG64(SEED))
    size = batch_size - 1
    identity = np.eye(size)
    matrix = root = np.broadcast_to(identity, (chains, size, size))
    result = np.full((chains, len(after), batch_size), np.nan)
    for layer, (cosine, keep, kappa) in enumerate(zip(after, damping, injection, strict=True)):
        if width / kappa <= size:
            break
        if keep < 1:
            root = np.linalg.cholesky(keep * matrix + (1.0 - keep) * identity)
        root = root @ _bartlett(chains, size, width / kappa, generator)
        root *= np.sqrt(size / (root**2).sum(axis=(1, 2)))[:, None, None]
        matrix = root @ np.swapaxes(root, -1, -2)
        # without the pull to the identity the product's condition number has no bound
        spectrum = (
            np.linalg.eigvalsh(matrix) if keep < 1 else np.linalg.svd(root, compute_uv=False) ** 2
        )
        bulk = (1.0 - cosine) * spectrum
        top = np.full((chains, 1), 1.0 + size * cosine)
        result[:, layer] = np.sort(np.concatenate([top, bulk], axis=1), axis=1)[:, ::-1]
    return result


def affordable(batch_size: int) -> int:
    """Return how many chains to run: fewer of large ones, whose averages vary less."""
    return int(np.clip(CHAINS * 64**2 // batch_size**2, 4, CHAINS))


def mean_and_error(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean over chains (axis 0) and its standard error."""
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))


def _bartlett(chains: int, size: int, freedom: float, generator: np.random.Generator) -> np.ndarray:
    """Return lower-triangular ``A`` with ``A A^T`` Wishart (Bartlett's decomposition)."""
    lower = np.tril(generator.standard_normal((chains, size, size)), -1)
    diagonal = np.sqrt(generator.chisquare(freedom - np.arange(size), (chains, size)))
    lower[:, np.arange(size), np.arange(size)] = diagonal
    return lower
