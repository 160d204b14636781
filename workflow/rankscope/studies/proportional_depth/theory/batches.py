"""The rank of a batch in shaped networks: the covariance SDE of m inputs, by its paths.

With ``C C^T = V`` the m x m kernel, t = l/n and n to infinity

    dV = b dt + C dS C^T,    b_ij = nu(rho_ij) sqrt(V_ii V_jj),    b_ii = 0,

S symmetric Brownian motion with ``Var dS_ij = dt`` and ``Var dS_ii = 2 dt``, and nu that of
`shaped`. It acts on cosines alone, whatever the lengths. A step of paths takes the drift first, by
the kernel of Cho and Saul of a kink ``k^2 / (1 + k^2) = c^2 dt / 4``, which is ``rho + nu dt`` and
keeps a kernel positive, and then the noise, as ``C M M^T C^T`` with ``M = 1 + H + H^2 / 2`` and the
entries of H independent of variance ``dt / 2``. Derived in docs.

Source: Li, Nica and Roy, The Neural Covariance SDE, arXiv 2206.02768, recalled, not quoted.
"""

import functools

import numpy as np

STEPS = 128
"""Per unit of time, which leaves a percent; more where the shape bends much."""
ENTRIES = 16_000
"""Paths times inputs."""
JITTER = 1e-12


@functools.cache
def paths(
    shape: float, size: int, correlation: float, eighths: int, fineness: int = 1
) -> np.ndarray:
    """Return the centred participation ratios of paths at every eighth of time.

    Args:
        shape: c.
        size: inputs m, of one cosine.
        correlation: that cosine at the start.
        eighths: how many.
        fineness: steps in the place of one.

    Returns:
        Shape ``(eighths, paths)``.
    """
    generator = np.random.default_rng(size)
    steps = fineness * max(STEPS, 8 * int(np.ceil(shape**2 / 8)))
    count = max(ENTRIES // size, 500)
    cosine = np.broadcast_to(
        correlation + (1 - correlation) * np.eye(size), (count, size, size)
    ).copy()
    found = []
    for _ in range(eighths):
        for _ in range(steps // 8):
            cosine = step(cosine, shape, 1 / steps, generator)
        found.append(centred_ratio(cosine))
    return np.array(found)


def step(
    cosine: np.ndarray, shape: float, time: float, generator: np.random.Generator
) -> np.ndarray:
    """Return cosines a little later; shape ``(paths, m, m)``."""
    size = cosine.shape[1]
    if shape:
        rho = np.clip(cosine, -1, 1)
        bent = np.sqrt(1 - rho**2) - rho * np.arccos(rho)
        cosine = cosine + time * shape**2 / (2 * np.pi) * bent
    root = np.linalg.cholesky(cosine + JITTER * np.eye(size))
    noise = np.sqrt(time / 2) * generator.standard_normal(cosine.shape)
    moved = root + root @ (noise + noise @ noise / 2)
    moved /= np.linalg.norm(moved, axis=2, keepdims=True)
    return np.asarray(moved @ moved.transpose(0, 2, 1))


def centred_ratio(cosine: np.ndarray) -> np.ndarray:
    """Return ``(tr K)^2 / tr K^2`` of kernels K that are centred over the batch."""
    kernel = cosine - cosine.mean(axis=1, keepdims=True)
    kernel -= kernel.mean(axis=2, keepdims=True)
    return np.asarray(np.trace(kernel, axis1=1, axis2=2) ** 2 / (kernel**2).sum(axis=(1, 2)))


def first_order(shape: float, correlation: float, times: np.ndarray) -> np.ndarray:
    """Return V of ``1/PR = 1/(m - 1) + V``, the formula of first order in 1/n, at times.

    ``dV/dt = 1 + 2 (nu' + nu / D) V`` along ``d rho/dt = nu``, ``D = 1 - rho``: what a layer damps
    and adds, for a kink that vanishes.
    """
    fine = np.linspace(0, times[-1], 4001)
    bend, span = shape**2 / (2 * np.pi), fine[1]
    rho, variance, found = correlation, 0.0, [0.0]
    for _ in fine[1:]:
        angle = float(np.arccos(rho))
        drift = bend * (np.sin(angle) - rho * angle)
        growth = drift / (1 - rho) - bend * angle
        variance += span * (1 + 2 * growth * variance)
        rho += span * drift
        found.append(variance)
    return np.interp(times, fine, found)
