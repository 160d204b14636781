"""Fit a target by a product of linear layers, each with a low-rank update."""

import dataclasses

import numpy as np
from scipy import optimize


@dataclasses.dataclass(frozen=True)
class ProductFit:
    """The best of several L-BFGS runs: Frobenius error, and whether that run converged."""

    error: float
    converged: bool


def fit(
    weights: np.ndarray,
    target: np.ndarray,
    rank: int,
    generator: np.random.Generator,
    *,
    starts: int,
    iterations: int = 3000,
) -> ProductFit:
    """Minimise ``|(W_L + B_L A_L) ... (W_1 + B_1 A_1) - target|_F`` over all factors.

    Args:
        weights: frozen square layers, first to last, shape ``(L, d, d)``.
        target: shape ``(d, d)``.
        rank: of every layer's update.
        generator: draws the starting points.
        starts: number of runs, of which the best is taken.
        iterations: the most iterations of a run.
    """
    depth, width, _ = weights.shape
    shape = (2, depth, width, rank)

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        left, right = flat.reshape(shape)
        layers = weights + left @ right.transpose(0, 2, 1)
        before = [np.eye(width)]
        for layer in layers[:-1]:
            before.append(layer @ before[-1])
        residual = layers[-1] @ before[-1] - target
        gradient = np.empty(shape)
        after = residual
        for index in reversed(range(depth)):
            slope = after @ before[index].T
            gradient[0, index] = slope @ right[index]
            gradient[1, index] = slope.T @ left[index]
            after = layers[index].T @ after
        return float(np.sum(residual**2)), 2 * gradient.ravel()

    runs = [
        optimize.minimize(
            loss,
            0.3 * generator.standard_normal(2 * depth * width * rank) / np.sqrt(rank),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": iterations, "maxfun": 2 * iterations, "ftol": 1e-10, "gtol": 1e-6},
        )
        for _ in range(starts)
    ]
    best = min(runs, key=lambda run: run.fun)
    return ProductFit(float(np.sqrt(best.fun)), bool(best.success))
