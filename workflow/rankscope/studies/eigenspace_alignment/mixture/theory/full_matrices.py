"""Effective spectrum of the full ``k d x k d`` matrices of the softmax classifier.

A sample contributes ``W x y y^T`` with the ``k x k`` weight ``W = diag(p) - p p^T`` (Hessian)
or ``W = u u^T``, ``u = p - onehot`` (G). For orthonormal means, equal classes and symmetric
overlaps the law is unchanged by permutations of classes, and ``W 1 = 0``: the matrix-valued
Stieltjes transform of arXiv 2502.15655 is then a scalar ``S`` on the complement of 1, with

    z(S) = -1 / S + E tr[W (I + S W / (lambda phi))^(-1)] / (lambda (k - 1)),
    F(S) = E[W (I + S W / (lambda phi))^(-1) x v v^T].

The reduction is derived here. Where the noise can be neglected, ``F`` has ``k (k - 1)``
outliers for the Hessian, ``k`` within and ``k (k - 2)`` across classes, and ``k`` for G.
"""

import numpy as np
from scipy import optimize

RELATIVE = 1e-5


def outliers(
    matrices: np.ndarray, inputs: np.ndarray, snr: float, samples_per_dimension: float
) -> tuple[float, np.ndarray]:
    """Return the edge and the outliers, descending, of a full matrix.

    Args:
        matrices: ``W`` at nodes of equal probability, shape ``(nodes, k, k)``.
        inputs: ``v`` at the nodes, shape ``(nodes, q)``.
        snr: ``lambda``.
        samples_per_dimension: ``phi``.
    """
    k, q = matrices.shape[1], inputs.shape[1]
    values, vectors = np.linalg.eigh(matrices)
    values = np.clip(values, 0.0, None)
    products = (inputs[:, :, None] * inputs[:, None, :]).reshape(-1, q * q)
    scale = snr * samples_per_dimension
    largest = values.max()

    def level(u: float) -> float:
        trace = (values / (1 - u * values / largest)).sum(axis=1).mean()
        return largest / (scale * u) + trace / (snr * (k - 1))

    def secular(u: float) -> np.ndarray:
        resolvent = (vectors * (values / (1 - u * values / largest))[:, None, :]) @ np.swapaxes(
            vectors, 1, 2
        )
        joint = resolvent.reshape(-1, k * k).T @ products / len(products)
        return joint.reshape(k, k, q, q).transpose(0, 2, 1, 3).reshape(k * q, k * q)

    at_edge = optimize.minimize_scalar(
        level, bounds=(1e-9, 1 - 1e-9), method="bounded", options={"xatol": 1e-9}
    ).x
    edge = level(at_edge)
    above = np.linalg.eigvalsh(secular(at_edge))[::-1]
    found = [
        level(
            optimize.brentq(
                lambda u, index=index: level(u) - np.linalg.eigvalsh(secular(u))[-1 - index],
                min(at_edge * 1e-6, largest / (2 * scale * above[0])),
                at_edge,
                rtol=RELATIVE,
            )
        )
        for index in range(int((above > edge).sum()))
    ]
    return edge, np.array(found)
