"""Everything that is measured on one adapted matrix."""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy import linalg, stats

from rankscope.numerics import adapter_probes, leading_directions, low_rank, ranks, subspaces
from rankscope.probe import matching

SINGLE_PRECISION = float(np.finfo(np.float32).eps)
INTRUDER_COSINE = 0.5
GRAM_FROM = 1024
"""Width from which a dense update is decomposed by way of its Gram matrix."""
LARGEST_PROBED = 64
BLOCK = 2**18
"""Numbers that are taken to float64 at once, and stay in the cache."""
HUTCHINSON = 8
"""Random vectors that estimate the sum of the fourth powers of the singular values."""
CHANCE = ("alignment_chance_lower", "alignment_chance_upper")


@dataclasses.dataclass(frozen=True)
class Settings:
    """What to measure.

    Attributes:
        ranks: numbers of directions at which amplification is taken.
        directions: leading directions of the similarity with another adapter.
        intruders: leading directions of the tuned weight that are tested for being intruders;
            0 leaves the intruders out.
        dense_up_to: width up to which the base weight is decomposed for its intruders; those of
            a wider one are found by Lanczos, with bounds.
        device: torch's name of the device that makes the products of Lanczos; numpy makes them
            without.
    """

    ranks: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)
    directions: int = 8
    intruders: int = 10
    dense_up_to: int = 768
    device: str | None = None


def decompose(lora_B: np.ndarray, lora_A: np.ndarray, scaling: float) -> low_rank.LowRankSvd:  # noqa: N803
    """Return the singular value decomposition of an update, the cheaper of two ways."""
    if lora_A.shape[0] < min(lora_B.shape[0], lora_A.shape[1]):
        return low_rank.svd(lora_B, lora_A, scaling)
    return decompose_dense(scaling * (lora_B @ lora_A))


def decompose_dense(update: np.ndarray) -> low_rank.LowRankSvd:
    """Return the decomposition of a dense update.

    A large one is taken from its Gram matrix: all singular values, those below 1e-8 of the
    largest being noise, and the `LARGEST_PROBED` leading directions.
    """
    smaller = min(update.shape)
    if smaller <= GRAM_FROM:
        left, values, right_t = np.linalg.svd(np.asarray(update, float), full_matrices=False)
        return low_rank.LowRankSvd(left, values, right_t.T)
    turned = update.shape[0] < update.shape[1]
    tall = update.T if turned else update
    gram = np.zeros((smaller, smaller))
    for part in _parts(tall):
        rows = np.asarray(tall[part], dtype=float)
        gram += rows.T @ rows
    squares, vectors = linalg.eigh(gram, overwrite_a=True, check_finite=False)
    right = vectors[:, ::-1][:, :LARGEST_PROBED].copy()
    values = np.sqrt(np.maximum(squares[::-1], 0))
    left, upper = np.linalg.qr(np.asarray(tall @ right.astype(tall.dtype), dtype=float))
    left *= np.where(np.diagonal(upper) < 0, -1.0, 1.0)
    return low_rank.LowRankSvd(right if turned else left, values, left if turned else right)


def _parts(matrix: np.ndarray) -> Iterator[slice]:
    step = max(1, BLOCK // matrix.shape[1])
    for first in range(0, matrix.shape[0], step):
        yield slice(first, min(first + step, matrix.shape[0]))


def update(
    base: np.ndarray | None,
    svd: low_rank.LowRankSvd,
    settings: Settings,
    generator: np.random.Generator | None = None,
) -> dict[str, Any]:
    """Measure an update's spectrum, ranks, relative norm and amplification.

    Args:
        base: the base weight, shape ``(out, in)``; without it what it is compared with is left
            out.
        svd: the decomposition of its update.
        settings: what to measure.
        generator: of the vectors that estimate how few directions hold the base weight.

    Returns:
        Values by the names of the variables they become.
    """
    values = svd.singular_values
    norm, rank = float(svd.frobenius_norm), numerical_rank(svd)
    found = {
        "rows": svd.left.shape[0],
        "columns": svd.right.shape[0],
        "update_norm": norm,
        "numerical_rank": rank,
        "stable_rank": float(ranks.stable_rank(values)) if norm else 0.0,
        "effective_rank": float(ranks.effective_rank(values)) if norm else 0.0,
        "rank_90": int(ranks.energy_rank(values, 0.90)) if norm else 0,
        "rank_99": int(ranks.energy_rank(values, 0.99)) if norm else 0,
    }
    if base is None:
        return found
    probed = [r if r <= min(rank, svd.left.shape[1]) else 0 for r in settings.ranks]
    most = max(probed, default=0)
    held = hold(base, svd.left[:, :most], svd.right[:, :most], generator)
    found["base_norm"] = held.norm
    found["relative_norm"] = norm / held.norm if held.norm else np.nan
    return found | _amplification(held, svd, probed)


def numerical_rank(svd: low_rank.LowRankSvd) -> int:
    """Return an update's rank at the accuracy of float32, which adapters are trained in."""
    values = svd.singular_values
    tolerance = max(svd.left.shape[0], svd.right.shape[0]) * SINGLE_PRECISION
    return int(ranks.numerical_rank(values, tolerance)) if values[0] > 0 else 0


@dataclasses.dataclass(frozen=True)
class Held:
    """What some directions hold of a base weight ``W``.

    Attributes:
        core: ``U^T W V``.
        norm: ``|W|_F``.
        concentration: an estimate of ``sum s_i^4 / (sum s_i^2)^2`` of ``W``: 1 over the number of
            directions that hold it.
        shape: that of ``W``.
    """

    core: np.ndarray
    norm: float
    concentration: float
    shape: tuple[int, int]


def hold(
    base: np.ndarray,
    left: np.ndarray,
    right: np.ndarray,
    generator: np.random.Generator | None = None,
) -> Held:
    """Measure what directions hold of a base weight, in one pass and in float64."""
    generator = generator or np.random.default_rng(0)
    turned = base.flags.f_contiguous and not base.flags.c_contiguous
    matrix, left, right = (base.T, right, left) if turned else (base, left, right)
    vectors = generator.standard_normal((matrix.shape[1], HUTCHINSON))
    core = np.zeros((left.shape[1], right.shape[1]))
    square, images = 0.0, np.zeros_like(vectors)
    for part in _parts(matrix):
        rows = np.asarray(matrix[part], dtype=float)
        products = rows @ np.hstack([right, vectors])
        core += left[part].T @ products[:, : right.shape[1]]
        images += rows.T @ products[:, right.shape[1] :]
        square += float(np.vdot(rows, rows))
    fourth = float((images**2).sum()) / HUTCHINSON
    least = 1 / min(base.shape)
    return Held(
        core=core.T if turned else core,
        norm=math.sqrt(square),
        concentration=min(1.0, max(least, fourth / square**2)) if square else 1.0,
        shape=base.shape,
    )


def _amplification(
    held: Held, svd: low_rank.LowRankSvd, probed: list[int]
) -> dict[str, np.ndarray]:
    found = {
        name: np.full(len(probed), np.nan)
        for name in ("amplification", "amplification_null", "alignment", *CHANCE)
    }
    if held.norm == 0:
        return found
    norm = float(svd.frobenius_norm)
    for place, rank in enumerate(probed):
        if rank:
            captured = float(np.linalg.norm(held.core[:rank, :rank]))
            null = adapter_probes.captured_null(*held.shape, rank, held.norm)
            found["amplification"][place] = norm / captured if captured else np.inf
            found["amplification_null"][place] = norm / null
            found["alignment"][place] = captured / null
            interval = alignment_chance(rank, held.concentration)
            for name, quantile in zip(CHANCE, interval, strict=True):
                found[name][place] = quantile
    return found


def alignment_chance(rank: int, concentration: float = 0.0) -> tuple[float, float]:
    """Return the 95 % interval of the alignment of ``rank`` random directions.

    For Gaussian ``U`` and ``V`` the square of ``|U^T W V|_F`` has mean ``r^2 |W|_F^2`` and, with
    ``q = sum s_i^4 / |W|_F^4``, variance ``2 r^2 |W|_F^4 (1 + (2 r + 1) q)``. It is taken as a
    chi-squared variable of these two moments, ``r^2 / (1 + (2 r + 1) q)`` degrees of freedom.
    """
    count = rank**2 / (1 + (2 * rank + 1) * concentration)
    low, high = np.sqrt(stats.chi2.ppf([0.025, 0.975], count) / count)
    return float(low), float(high)


def left_basis(base: np.ndarray) -> np.ndarray:
    """Return all left singular vectors of a base weight, which intruders are matched with."""
    return np.linalg.svd(base, full_matrices=False)[0]


def intruders(
    base: np.ndarray,
    base_left: np.ndarray | None,
    svd: low_rank.LowRankSvd,
    settings: Settings,
    generators: Sequence[np.random.Generator],
    change: np.ndarray | None = None,
) -> dict[str, Any]:
    """Match the tuned weight's leading directions with the base weight's, and count intruders.

    The control is an update of the same singular values, hence the same norm, in random
    directions. A single random direction's best match is ``random_match``.

    Args:
        base: the base weight, shape ``(out, in)``.
        base_left: its left singular vectors, from `left_basis`; ``None`` for a large weight, whose
            best matches are then bounded (`rankscope.probe.matching`).
        svd: the decomposition of its update.
        settings: what to measure.
        generators: one per control.
        change: the update itself where it is dense and not all its directions are known.

    Returns:
        Values by the names of the variables they become.
    """
    matched, *others = matches(base, base_left, svd, settings, generators, change)
    pad = (0, settings.intruders - len(matched.lower))
    return {
        "best_match": np.pad(matched.lower, pad, constant_values=np.nan),
        "best_match_bound": np.pad(matched.upper, pad, constant_values=np.nan),
        "match_residual": matched.residual,
        "intruders": int(np.count_nonzero(matched.lower < INTRUDER_COSINE)),
        "intruders_certain": int(np.count_nonzero(matched.upper < INTRUDER_COSINE)),
        "intruders_control": np.array(
            [np.count_nonzero(c.lower < INTRUDER_COSINE) for c in others]
        ),
        "random_match": adapter_probes.random_match(base.shape[0], min(base.shape))[0],
    }


def matches(
    base: np.ndarray,
    base_left: np.ndarray | None,
    svd: low_rank.LowRankSvd,
    settings: Settings,
    generators: Sequence[np.random.Generator] = (),
    change: np.ndarray | None = None,
) -> list[matching.Match]:
    """Match the leading directions of the tuned weight and its controls; as `intruders`."""
    count = min(settings.intruders, min(base.shape))
    if change is not None:
        return matching.matches_of_dense(
            base, change, count, INTRUDER_COSINE, generators, settings.device
        )
    updates = [svd, *(low_rank.with_random_directions(svd, one) for one in generators)]
    if base_left is not None:
        return [match(base + one.dense(), base_left, count) for one in updates]
    start = np.random.default_rng(0)
    return matching.matches(base, updates, count, INTRUDER_COSINE, start, settings.device)


def match(tuned: np.ndarray, base_left: np.ndarray, count: int) -> matching.Match:
    """Match the leading directions of a tuned weight with all of the base's, exactly."""
    leading = leading_directions.leading_left(tuned, count)
    best = adapter_probes.best_match(leading, base_left)
    return matching.Match(best, best, 0.0, leading)


def similarity(
    first: low_rank.LowRankSvd, second: low_rank.LowRankSvd, directions: int
) -> np.ndarray:
    """Return ``phi(i, j)`` of two updates on both sides, shape ``(2, directions, directions)``.

    Index 0 is the right side, which LoRA's paper shows (that of ``A``), index 1 the left;
    beyond the numerical rank of an update the values are ``nan``.
    """
    first, second = (svd.truncated(numerical_rank(svd)) for svd in (first, second))
    result = np.full((2, directions, directions), np.nan)
    for side, (one, other) in enumerate(((first.right, second.right), (first.left, second.left))):
        phi = subspaces.subspace_similarity(one[:, :directions], other[:, :directions])
        result[side, : phi.shape[0], : phi.shape[1]] = phi
    return result
