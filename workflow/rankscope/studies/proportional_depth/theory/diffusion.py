"""The law of a diffusion on a line, by a Markov chain on a grid."""

import numpy as np
from scipy import linalg


def laws(
    nodes: np.ndarray, drift: np.ndarray, variance: float, start: float, times: np.ndarray
) -> np.ndarray:
    """Return the law at several times of ``dx = b(x) dt + sqrt(v) dB``, started in one place.

    The chain steps to the next node at rate ``v / 2h^2 + b / 2h`` and to the one before at
    ``v / 2h^2 - b / 2h``, which gives its steps the diffusion's mean and variance. It stays on
    the grid, and probability is conserved. Where a drift is so large that a rate would be
    negative, it is limited to ``v / h``.

    Args:
        nodes: evenly spaced by h.
        drift: b at the nodes.
        variance: v.
        start: where it starts; a law of this mean on two nodes.
        times: ascending; equal differences share one exponential of the chain's generator.

    Returns:
        Probabilities, shape ``(times, nodes)``.
    """
    step = nodes[1] - nodes[0]
    both = variance / (2 * step**2)
    push = np.clip(drift / (2 * step), -both, both)
    up, down = both + push, both - push
    up[-1] = down[0] = 0
    flow = np.diag(up[:-1], -1) - np.diag(up + down) + np.diag(down[1:], 1)
    law = np.clip(1 - np.abs(nodes - start) / step, 0, None)
    found, moves = [], {}
    for span in np.diff(times, prepend=0.0):
        if span not in moves:
            moves[span] = linalg.expm(flow * span)
        law = moves[span] @ law
        found.append(law)
    return np.array(found)
