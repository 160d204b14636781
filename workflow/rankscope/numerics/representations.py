"""How alike two representations of the same inputs are."""

import numpy as np


def linear_cka(first: np.ndarray, second: np.ndarray) -> float:
    """Return linear centred kernel alignment, in [0, 1].

    ``|Y^T X|_F^2 / (|X^T X|_F |Y^T Y|_F)`` with centred columns; invariant to rotation and
    to isotropic scaling of either representation. ``nan`` if one is constant.

    Args:
        first: shape ``(inputs, features)``.
        second: shape ``(inputs, other features)``.

    Source:
        Kornblith et al., arXiv 1905.00414, section 3.
    """
    x, y = first - first.mean(axis=0), second - second.mean(axis=0)
    own = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return float(np.linalg.norm(y.T @ x) ** 2 / own) if own > 0 else float("nan")
