"""Ranks for matrices, of a given number of parameters, in proportion to what was said."""

import numpy as np


def allot(said: np.ndarray, costs: np.ndarray, most: np.ndarray, budget: int) -> np.ndarray:
    """Return ranks in proportion to ``said`` that cost at most ``budget`` parameters.

    Each matrix first gets its part rounded down; what is left goes, rank by rank, to the matrix
    that lacks most of its part and can be paid. Less is left than the cheapest rank costs, unless
    all are full. Nothing said means the same for all.

    Args:
        said: no less than 0, shape ``(matrix,)``.
        costs: parameters of one rank of each.
        most: the largest rank of each.
        budget: parameters in all.

    Returns:
        Whole numbers, shape ``(matrix,)``.
    """
    wanted = said if said.any() else np.ones(len(costs))
    wanted = wanted * (budget / (wanted @ costs))
    ranks = np.minimum(np.floor(wanted), most).astype(int)
    while True:
        can = (costs <= budget - ranks @ costs) & (ranks < most)
        if not can.any():
            return ranks
        ranks[np.argmax(np.where(can, wanted - ranks, -np.inf))] += 1


def reversed_order(said: np.ndarray) -> np.ndarray:
    """Return the same numbers with their order turned round: the largest where the least was."""
    order = np.argsort(said, kind="stable")
    result = np.empty_like(said)
    result[order] = said[order[::-1]]
    return result


def needed_rank(kept: np.ndarray, losses: np.ndarray, share: float) -> float:
    """Return the least rank that keeps a share of a gain, at least 1.

    Between two ranks that were tried the kept share is taken to be linear in the rank's logarithm.

    Args:
        kept: ranks from 0 upwards, then the whole, shape ``(rank,)``.
        losses: at these, shape ``(rank,)``.
        share: in (0, 1).

    Returns:
        ``nan`` where the whole gains nothing over rank 0.
    """
    gain = losses[0] - losses[-1]
    if not gain > 0:
        return float("nan")
    shares = (losses[0] - losses) / gain
    first = int(np.argmax(shares >= share))  # the whole keeps all, so there is one
    if first == 1:
        return 1.0
    low, high = np.log(kept[first - 1 : first + 1])
    part = (share - shares[first - 1]) / (shares[first] - shares[first - 1])
    return float(np.exp(low + part * (high - low)))
