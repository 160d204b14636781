"""Effective dynamics of the softmax classifier: ODEs for the overlaps as ``d`` grows.

With ``M_ab = x^a . mu_b`` and ``S_ab = x^a . x^b``, the logits of class ``c`` are
``N(M_.c, S / lambda)``. With ``p`` their softmax, ``P^c = E p``,
``D^c = diag(P^c) - E p p^T``, ``Q^c = E (p - e_c)(p - e_c)^T`` and bars for means over
classes,

    dM/dt = -mean_c (P^c - e_c) Gram_c. - Dbar M / lambda - beta M
    dS/dt = -(A + A^T) + (c / lambda) Qbar,
        A = mean_c (P^c - e_c) M_.c^T + Dbar S / lambda + beta S.

Stein's lemma removed the inputs; the last term of ``dS/dt`` is the corrector of a step size
of order ``1 / d``. Derived here, after the ballistic limits of Ben Arous, Gheissari and
Jagannath (2022).
"""

import dataclasses

import numpy as np
from scipy import integrate

from rankscope.studies.eigenspace_alignment.nodes import normal_nodes, root

LOG2_NODES = 8
TOLERANCE = 1e-6


@dataclasses.dataclass(frozen=True)
class Overlaps:
    """Overlaps at the requested times.

    Attributes:
        mean: ``M``, shape ``(times, k, k)``.
        weight: ``S``, shape ``(times, k, k)``.
    """

    mean: np.ndarray
    weight: np.ndarray


def trajectory(
    gram: np.ndarray,
    snr: float,
    ridge: float,
    corrector: float,
    times: np.ndarray,
    weight_start: np.ndarray,
) -> Overlaps:
    """Solve the ODEs from ``M = 0``.

    Args:
        gram: Gram matrix of the class means, shape ``(k, k)``.
        snr: ``lambda``; ``inf`` for the limit without noise.
        ridge: ``beta``.
        corrector: ``c``, the step size times ``d``; 0 drops the corrector.
        times: increasing, the first is 0.
        weight_start: ``S`` at time 0.

    Returns:
        The overlaps at ``times``.
    """
    k = len(gram)
    nodes = normal_nodes(k, LOG2_NODES) if np.isfinite(snr) else np.zeros((1, k))

    def derivative(_: float, state: np.ndarray) -> np.ndarray:
        mean, weight = state.reshape(2, k, k)
        return np.stack(_derivative(mean, weight, gram, 1 / snr, ridge, corrector, nodes)).ravel()

    start = np.concatenate([np.zeros(k * k), np.asarray(weight_start, dtype=float).ravel()])
    if len(times) == 1:
        states = start[None]
    else:
        solution = integrate.solve_ivp(
            derivative,
            (times[0], times[-1]),
            start,
            t_eval=times,
            rtol=TOLERANCE,
            atol=TOLERANCE,
        )
        states = solution.y.T
    states = states.reshape(len(times), 2, k, k)
    return Overlaps(mean=states[:, 0], weight=states[:, 1])


def softmax_moments(
    mean: np.ndarray, weight: np.ndarray, noise: float, nodes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return ``E p`` ``(c, k)`` and ``E p p^T`` ``(c, k, k)`` for logits ``N(M_.c, noise S)``."""
    logits = mean.T[:, None, :] + np.sqrt(noise) * nodes @ root(weight)
    p = np.exp(logits - logits.max(axis=2, keepdims=True))
    p /= p.sum(axis=2, keepdims=True)
    return p.mean(axis=1), np.swapaxes(p, 1, 2) @ p / len(nodes)


def _derivative(
    mean: np.ndarray,
    weight: np.ndarray,
    gram: np.ndarray,
    noise: float,
    ridge: float,
    corrector: float,
    nodes: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    k = len(gram)
    first, second = softmax_moments(mean, weight, noise, nodes)
    spread = np.diag(first.mean(axis=0)) - second.mean(axis=0)
    residual = first - np.eye(k)
    pull = residual.T / k
    cross = first.T / k
    q = second.mean(axis=0) - cross - cross.T + np.eye(k) / k
    drift = pull @ mean.T + noise * spread @ weight + ridge * weight
    return (
        -pull @ gram - noise * spread @ mean - ridge * mean,
        -(drift + drift.T) + corrector * noise * q,
    )
