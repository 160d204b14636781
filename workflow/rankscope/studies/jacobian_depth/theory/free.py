"""Infinite width at fixed depth: the free product of layers.

With ``mu_k = E phi'(z)^(2k)`` a layer adds ``kappa = mu_2 / mu_1^2 - 1 - s_1``, ``s_1 = -1`` for
Gaussian and 0 for orthogonal weights, and the participation ratio is ``n / (1 + K)`` with K the
sum of kappa (Pennington, Schoenholz and Ganguli, AISTATS 2018).

Gaussian linear and ReLU layers, ``a = 1, 2`` over the share 1/a of active units, have the
S-transform ``(1 + a z)^(-l)``: eigenvalues t of ``J J^T`` of mean 1 solve
``t = (1 + z)(1 + a z)^l / z`` with ``z = t G(t) - 1``. On ``1 + a z = rho exp(i theta)`` t is real
if ``rho^2 + rho [(a - 2) cos theta - a sin theta cot(l theta)] = a - 1``. Derived in docs.
"""

import dataclasses

import numpy as np

GATES = {"linear": 1, "relu": 2}
"""Units over active units, of homogeneous activations."""
TOLERANCE = 0.01
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(101)
_WEIGHTS /= _WEIGHTS.sum()
_POINTS = 20_001


def slopes(square: float) -> tuple[float, float, float]:
    """Return ``E phi'^2``, ``E phi'^4`` and ``E phi^2`` of tanh at a mean square of its input."""
    values = np.tanh(np.sqrt(square) * _NODES)
    slope = (1 - values**2) ** 2
    return float(_WEIGHTS @ slope), float(_WEIGHTS @ slope**2), float(_WEIGHTS @ values**2)


def excess(activation: str, depth: int, *, orthogonal: bool) -> np.ndarray:
    """Return K at layers 1 to ``depth``, from an input of mean square 1."""
    own = 0.0 if orthogonal else 1.0
    if activation in GATES:
        return (GATES[activation] - 1 + own) * np.arange(1.0, depth + 1)
    square, added = 1.0, np.empty(depth)
    for layer in range(depth):
        first, second, square = slopes(square)
        added[layer] = second / first**2 - 1 + own
    return np.cumsum(added)


@dataclasses.dataclass(frozen=True)
class Spectrum:
    """Eigenvalues of ``J J^T`` without the atom at 0, descending.

    Attributes:
        logarithm: of eigenvalues, in units of their mean.
        share: how many of all n directions each stands for.
    """

    logarithm: np.ndarray
    share: np.ndarray

    def effective_rank(self) -> float:
        """Return the effective rank of eigenvalues over n, ``exp(-E t log t)``."""
        return float(np.exp(-np.sum(self.share * np.exp(self.logarithm) * self.logarithm)))

    def numerical_rank(self) -> float:
        """Return the share of singular values above `TOLERANCE` of the largest."""
        cut = self.logarithm[0] + 2 * np.log(TOLERANCE)
        return float(np.interp(-cut, -self.logarithm, np.cumsum(self.share)))


def spectrum(gate: int, depth: int) -> Spectrum:
    """Return the spectrum of Gaussian layers, by quadrature over theta."""
    # rho ends at 0, for linear layers before the cotangent does
    end = np.pi / (depth + (gate == 1))
    theta = np.linspace(0, end, _POINTS)[1:-1]
    half = ((gate - 2) * np.cos(theta) - gate * np.sin(theta) / np.tan(depth * theta)) / 2
    rho = -half + np.sqrt(half**2 + gate - 1)
    one_plus = rho * np.exp(1j * theta)
    logarithm = (
        np.log(np.abs(one_plus + gate - 1)) + depth * np.log(rho) - np.log(np.abs(one_plus - 1))
    )
    density = one_plus.imag / (gate * np.pi)
    middle = (logarithm[1:] + logarithm[:-1]) / 2
    return Spectrum(middle, (density[1:] + density[:-1]) / 2 * -np.diff(logarithm))
