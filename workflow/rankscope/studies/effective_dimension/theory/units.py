"""Dead units and exact rank at widths near the batch size."""

import numpy as np
from scipy import stats
from scipy.special import log_ndtr

_GRID = np.linspace(-9.0, 9.0, 3601)
_WEIGHT = np.exp(-(_GRID**2) / 2) / np.exp(-(_GRID**2) / 2).sum()


def dead_probability(batch_size: int, before: np.ndarray) -> np.ndarray:
    """Return the probability that a ReLU unit is off on a whole equicorrelated batch.

    ``p = E_g Phi(-sqrt(c) g / sqrt(1 - c))^m`` with c the cosine of the pre-activations:
    ``2^-m`` from orthonormal inputs, 1/2 in the limit of depth. Derived in docs.

    Args:
        batch_size: m.
        before: cosines of the pre-activations of layers 1 to L.
    """
    c = np.asarray(before, dtype=float)[:, None]
    return np.exp(batch_size * log_ndtr(-np.sqrt(c / (1.0 - c)) * _GRID)) @ _WEIGHT


def expected_exact_rank(batch_size: int, width: int, probability: np.ndarray) -> np.ndarray:
    """Return ``E min(m, n - D)`` with D, the number of dead units, binomial.

    Live units are taken to be in general position, which ignores what earlier layers lost.
    Derived in docs.
    """
    dead = np.arange(width + 1)
    rank = np.minimum(batch_size, width - dead)
    return stats.binom.pmf(dead, width, probability[:, None]) @ rank
