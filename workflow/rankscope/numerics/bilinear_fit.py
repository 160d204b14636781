"""Fit a target matrix by adapters with random bases, by alternating least squares.

Each family here is linear in one set of its trained numbers when the other is held, so
that a sweep solves two linear problems and the error never rises. Errors are measured in
the metric ``|X S^{1/2}|_F`` where ``S`` is the second moment of the inputs (the identity in
weight space): ``|(dW - T) S^{1/2}|_F^2`` is the squared error of the layer's outputs.
"""

import dataclasses
import math
from typing import Protocol

import numpy as np
from scipy import linalg

RIDGE = 1e-12
"""Added to the normal equations, relative to their mean diagonal: families with redundant
numbers (RandLoRA-a has more than its rank allows) have singular ones."""


class Family(Protocol):
    """An adapter whose delta weight is linear in each of two sets of trained numbers."""

    def sweep(self, goal: "Goal") -> None:
        """Solve for one set of trained numbers, then for the other."""

    def delta_weight(self) -> np.ndarray:
        """Return the current update, shape ``(D, d)``."""


@dataclasses.dataclass(frozen=True)
class Goal:
    """What is fitted, and in which metric.

    Attributes:
        target: ``T``, shape ``(D, d)``.
        metric: ``S``, shape ``(d, d)``; ``None`` for the identity.
    """

    target: np.ndarray
    metric: np.ndarray | None = None

    def weigh(self, rows: np.ndarray) -> np.ndarray:
        """Return ``rows @ S``."""
        return rows if self.metric is None else rows @ self.metric

    def square(self, matrix: np.ndarray) -> float:
        """Return ``|matrix S^{1/2}|_F^2``."""
        return float(np.vdot(matrix, self.weigh(matrix)))

    def relative_error(self, update: np.ndarray) -> float:
        """Return the squared error of an update relative to that of no update."""
        return self.square(update - self.target) / self.square(self.target)


@dataclasses.dataclass(frozen=True)
class Fit:
    """The result of alternating least squares.

    Attributes:
        update: the fitted delta weight.
        errors: relative squared error after each sweep; the last is that of ``update``.
        converged: whether the last sweep lowered the error by less than the tolerance.
    """

    update: np.ndarray
    errors: np.ndarray
    converged: bool

    @property
    def error(self) -> float:
        """The final relative squared error."""
        return float(self.errors[-1])


def fit(family: Family, goal: Goal, *, sweeps: int, tolerance: float) -> Fit:
    """Alternate until a sweep lowers the relative squared error by less than ``tolerance``.

    Args:
        family: the adapter, changed in place.
        goal: target and metric.
        sweeps: the most sweeps that are made.
        tolerance: of one sweep's change.
    """
    errors: list[float] = []
    converged = False
    while len(errors) < sweeps and not converged:
        family.sweep(goal)
        errors.append(goal.relative_error(family.delta_weight()))
        converged = len(errors) > 1 and errors[-2] - errors[-1] < tolerance
    return Fit(family.delta_weight(), np.array(errors), converged)


def _solve(gram: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Solve symmetric normal equations, which may be singular; stacks are solved at once."""
    size = gram.shape[-1]
    ridge = RIDGE * np.trace(gram, axis1=-2, axis2=-1)[..., None, None] / size
    regular = gram + np.where(ridge > 0, ridge, 1.0) * np.eye(size)
    if gram.ndim == 2:
        return linalg.solve(regular, moments, assume_a="pos", check_finite=False)
    return np.linalg.solve(regular, moments[..., None])[..., 0]


def solve_outer(left: np.ndarray, right: np.ndarray, goal: Goal) -> np.ndarray:
    """Return ``c`` of the best ``sum_p c_p left[:, p] right[p]``.

    Args:
        left: shape ``(D, p)``.
        right: shape ``(p, d)``.
        goal: target and metric.
    """
    weighed = goal.weigh(right)
    gram = (left.T @ left) * (right @ weighed.T)
    return _solve(gram, np.einsum("dp,dp->p", left, goal.target @ weighed.T))


def solve_columns(terms: np.ndarray, goal: Goal) -> np.ndarray:
    """Return ``gamma`` of the best ``sum_j terms[j] diag(gamma[j])``, shape ``(n, d)``.

    In weight space the columns decouple into ``d`` problems of ``n`` unknowns; a metric
    that mixes inputs couples all ``n d`` of them.

    Args:
        terms: shape ``(n, D, d)``.
        goal: target and metric.
    """
    count, rows, columns = terms.shape
    if goal.metric is None:
        by_column = np.ascontiguousarray(terms.transpose(2, 0, 1))
        gram = by_column @ by_column.transpose(0, 2, 1)
        moments = (by_column @ goal.target.T[:, :, None])[..., 0]
        return _solve(gram, moments).T
    flat = terms.transpose(1, 0, 2).reshape(rows, count * columns)
    gram = (flat.T @ flat) * np.tile(goal.metric, (count, count))
    moments = np.einsum("jdc,dc->jc", terms, goal.weigh(goal.target)).ravel()
    return _solve(gram, moments).reshape(count, columns)


@dataclasses.dataclass
class RandLora:
    """``sum_j B_j diag(lambda_j) A diag(gamma_j)`` (Albert et al., equation 4)."""

    left_bases: np.ndarray
    right_base: np.ndarray
    lambdas: np.ndarray
    gammas: np.ndarray = dataclasses.field(init=False)

    def _terms(self) -> np.ndarray:
        return (self.left_bases * self.lambdas[:, None, :]) @ self.right_base

    def sweep(self, goal: Goal) -> None:
        """Solve for the ``gamma_j``, then for the ``lambda_j``."""
        self.gammas = solve_columns(self._terms(), goal)
        count, rows, rank = self.left_bases.shape
        left = self.left_bases.transpose(1, 0, 2).reshape(rows, count * rank)
        right = (self.right_base[None] * self.gammas[:, None, :]).reshape(count * rank, -1)
        self.lambdas = solve_outer(left, right, goal).reshape(count, rank)

    def delta_weight(self) -> np.ndarray:
        """Return the current update."""
        return (self._terms() * self.gammas[:, None, :]).sum(axis=0)


@dataclasses.dataclass
class RandLoraA:
    """RandLoRA-a, ``(sum_j B_j diag(lambda_j)) (sum_j A_j diag(gamma_j))``: rank ``r`` only."""

    left_bases: np.ndarray
    right_bases: np.ndarray
    lambdas: np.ndarray
    gammas: np.ndarray = dataclasses.field(init=False)

    def _left(self) -> np.ndarray:
        return (self.left_bases * self.lambdas[:, None, :]).sum(axis=0)

    def _right(self) -> np.ndarray:
        return (self.right_bases * self.gammas[:, None, :]).sum(axis=0)

    def sweep(self, goal: Goal) -> None:
        """Solve for the ``gamma_j``, then for the ``lambda_j``."""
        self.gammas = solve_columns(self._left() @ self.right_bases, goal)
        count, rows, rank = self.left_bases.shape
        left = self.left_bases.transpose(1, 0, 2).reshape(rows, count * rank)
        right = np.tile(self._right(), (count, 1))
        self.lambdas = solve_outer(left, right, goal).reshape(count, rank)

    def delta_weight(self) -> np.ndarray:
        """Return the current update."""
        return self._left() @ self._right()


@dataclasses.dataclass
class Vera:
    """VeRA, ``diag(b) B diag(d) A`` with frozen ``B`` and ``A`` (Kopiczko et al., 2023)."""

    left_base: np.ndarray
    right_base: np.ndarray
    inner: np.ndarray
    outer: np.ndarray = dataclasses.field(init=False)

    def sweep(self, goal: Goal) -> None:
        """Solve for the outer diagonal, row by row, then for the inner one."""
        rows = (self.left_base * self.inner) @ self.right_base
        weighed = goal.weigh(rows)
        self.outer = np.einsum("dc,dc->d", goal.target, weighed)
        self.outer /= np.einsum("dc,dc->d", rows, weighed)
        self.inner = solve_outer(self.outer[:, None] * self.left_base, self.right_base, goal)

    def delta_weight(self) -> np.ndarray:
        """Return the current update."""
        return self.outer[:, None] * ((self.left_base * self.inner) @ self.right_base)


@dataclasses.dataclass
class Nola:
    """NoLA, ``(sum_i a_i B_i) (sum_j c_j A_j)`` with frozen bases (Koohpayegani et al., 2023)."""

    left_bases: np.ndarray
    right_bases: np.ndarray
    left_mix: np.ndarray
    right_mix: np.ndarray = dataclasses.field(init=False)

    def _left(self) -> np.ndarray:
        return np.tensordot(self.left_mix, self.left_bases, 1)

    def _right(self) -> np.ndarray:
        return np.tensordot(self.right_mix, self.right_bases, 1)

    def sweep(self, goal: Goal) -> None:
        """Solve for the mix of the ``A_j``, then for that of the ``B_i``."""
        self.right_mix = self._solve_right(goal)
        self.left_mix = self._solve_left(goal)

    def _solve_right(self, goal: Goal) -> np.ndarray:
        left = self._left()
        weighed = goal.weigh(self.right_bases)
        count = len(self.right_bases)
        gram = ((left.T @ left) @ self.right_bases).reshape(count, -1) @ weighed.reshape(
            count, -1
        ).T
        return _solve(gram, weighed.reshape(count, -1) @ (left.T @ goal.target).ravel())

    def _solve_left(self, goal: Goal) -> np.ndarray:
        weighed = goal.weigh(self._right())
        count = len(self.left_bases)
        flat = self.left_bases.reshape(count, -1)
        gram = (self.left_bases @ (self._right() @ weighed.T)).reshape(count, -1) @ flat.T
        return _solve(gram, flat @ (goal.target @ weighed.T).ravel())

    def delta_weight(self) -> np.ndarray:
        """Return the current update."""
        return self._left() @ self._right()


def fit_entries(goal: Goal, mask: np.ndarray) -> np.ndarray:
    """Return the best update whose entries are free where ``mask`` is true, else zero.

    This is full fine-tuning of a subset of the entries; rows decouple.

    Args:
        goal: target and metric.
        mask: shape ``(D, d)``.
    """
    if goal.metric is None:
        return np.where(mask, goal.target, 0.0)
    update = np.zeros_like(goal.target)
    moments = goal.weigh(goal.target)
    for row, free in enumerate(mask):
        if free.any():
            update[row, free] = _solve(goal.metric[np.ix_(free, free)], moments[row, free])
    return update


def best_low_rank_errors(goal: Goal) -> np.ndarray:
    """Return the relative squared error of the best update of rank ``0 ... min(D, d)``.

    By Eckart and Young applied to ``T S^{1/2}``: the optimum of LoRA in the metric.
    """
    matrix = goal.target
    if goal.metric is not None:
        matrix = matrix @ linalg.cholesky(goal.metric, lower=True)
    energy = np.linalg.svd(matrix, compute_uv=False) ** 2
    held = np.concatenate([[0.0], np.cumsum(energy)])
    return np.maximum(1 - held / held[-1], 0.0)


def interpolate_rank(errors: np.ndarray, rank: float) -> float:
    """Return the error at a fractional rank, linear between whole ranks.

    Args:
        errors: at rank 0, 1, ...
        rank: between 0 and ``len(errors) - 1``; above it, the last error holds.
    """
    low = min(math.floor(rank), len(errors) - 1)
    high = min(low + 1, len(errors) - 1)
    return float(errors[low] + (rank - low) * (errors[high] - errors[low]))
