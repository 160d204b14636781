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
