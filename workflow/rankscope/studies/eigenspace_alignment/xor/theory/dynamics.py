"""Effective dynamics of the two-layer network on the XOR mixture as ``d`` grows.

With ``m = W`` along ``(mu, nu)``, ``R`` the Gram matrix of the rest of ``W``, ``h = W X``
and ``u = sigmoid(v . g(h)) - y``,

    dv_i   = -E[u g(h_i)] - beta v_i
    dm_i   = -v_i E[u g'(h_i) X_(mu, nu)] - beta m_i
    dR_ij  = -v_i E[u g'(h_i) h^perp_j] - (i <-> j) - 2 beta R_ij
             + (c / lambda) v_i v_j E[g'(h_i) g'(h_j) u^2].

Derived here, after section 5 of Ben Arous, Gheissari and Jagannath (2022).
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy import special

from rankscope.studies.eigenspace_alignment.nodes import normal_nodes, root

LOG2_NODES = 9
STEP = 0.1
CENTRES = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
CLASSES = np.array([1.0, 1.0, 0.0, 0.0])
SHARPNESS = 10.0

Function = Callable[[np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class State:
    """Summary statistics of a network.

    Attributes:
        second: ``v``, shape ``(K,)``.
        first: ``m``, shape ``(K, 2)``.
        outside: ``R``, shape ``(K, K)``.
    """

    second: np.ndarray
    first: np.ndarray
    outside: np.ndarray

    def moved(self, slope: "State", step: float) -> "State":
        """Return the state after a step along a slope."""
        return State(
            self.second + step * slope.second,
            self.first + step * slope.first,
            self.outside + step * slope.outside,
        )


def activation(name: str) -> tuple[Function, Function, Function]:
    """Return the activation and its first two derivatives (almost everywhere)."""
    if name == "relu":
        return (
            lambda h: np.where(h > 0, h, 0.0),
            lambda h: np.where(h > 0, 1.0, 0.0),
            lambda h: 0.0 * h,
        )

    def gate(h: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-np.clip(SHARPNESS * h, -500, 500)))

    return (
        lambda h: np.where(h > 0, h, 0.0) + np.log1p(np.exp(-np.abs(SHARPNESS * h))) / SHARPNESS,
        gate,
        lambda h: SHARPNESS * gate(h) * (1 - gate(h)),
    )


def planted(width: int, groups: int) -> State:
    """Return the planted start: half a unit along the cell of each neuron, and ``R = I``."""
    directions = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    cell = np.arange(width) % groups
    sign = np.where(cell % 2 == 0, 1.0, -1.0)
    return State(0.5 * sign, 0.5 * directions[cell], np.eye(width))


def samples(state: State, snr: float, log2_half: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return nodes of the inputs in ``2 + K`` coordinates, their ``h``, and their classes."""
    nodes = normal_nodes(2 + len(state.second), log2_half) / np.sqrt(snr)
    inputs = np.concatenate(
        [np.concatenate([centre + nodes[:, :2], nodes[:, 2:]], axis=1) for centre in CENTRES]
    )
    hidden = inputs[:, :2] @ state.first.T + inputs[:, 2:] @ root(state.outside)
    return inputs, hidden, np.repeat(CLASSES, len(nodes))


def trajectory(
    start: State, name: str, snr: float, ridge: float, corrector: float, times: np.ndarray
) -> list[State]:
    """Solve the ODEs with Heun's method; ReLU integrands would stall an adaptive one."""
    states, state = [start], start
    for span in np.diff(times):
        count = int(np.ceil(span / STEP))
        for _ in range(count):
            here = _derivative(state, name, snr, ridge, corrector)
            there = _derivative(state.moved(here, span / count), name, snr, ridge, corrector)
            state = state.moved(here, span / count / 2).moved(there, span / count / 2)
        states.append(state)
    return states


def _derivative(state: State, name: str, snr: float, ridge: float, corrector: float) -> State:
    value, slope, _ = activation(name)
    inputs, hidden, truth = samples(state, snr, LOG2_NODES)
    active = value(hidden)
    u = special.expit(active @ state.second) - truth
    push = u[:, None] * slope(hidden) * state.second
    outside = hidden - inputs[:, :2] @ state.first.T
    drift = push.T @ outside / len(u) + ridge * state.outside
    return State(
        -(u @ active) / len(u) - ridge * state.second,
        -(push.T @ inputs[:, :2]) / len(u) - ridge * state.first,
        -(drift + drift.T) + corrector / snr * push.T @ push / len(u),
    )


def kink(state: State, snr: float, neuron: int) -> float:
    """Return ``v_i E[u delta(h_i) X_across^2]``, what the kink of ReLU adds to the curvature.

    The direction is that of the centres of the other class, ``nu`` for ``v_i > 0``. Given
    ``h_i = 0``, the input is Gaussian on a hyperplane.
    """
    weights = np.concatenate([state.first, root(state.outside)], axis=1)
    own, across = weights[neuron], 1 if state.second[neuron] > 0 else 0
    length = np.linalg.norm(own)
    nodes = normal_nodes(len(own), LOG2_NODES + 2) / np.sqrt(snr)
    total = 0.0
    for centre, truth in zip(np.pad(CENTRES, ((0, 0), (0, len(own) - 2))), CLASSES, strict=True):
        inputs = centre + nodes
        inputs = inputs - np.outer(inputs @ own, own) / length**2
        height = np.sqrt(snr / (2 * np.pi)) / length
        density = height * np.exp(-snr * (own @ centre) ** 2 / (2 * length**2))
        u = special.expit(np.maximum(inputs @ weights.T, 0.0) @ state.second) - truth
        total += density * np.mean(u * inputs[:, across] ** 2) / len(CENTRES)
    return float(state.second[neuron] * total)
