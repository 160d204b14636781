"""Evidence of the study's claims: random updates, fits at equal parameters, the bound, counts."""

import numpy as np
import xarray as xr

from rankscope.studies.lora.claims_tools import chosen, gather, label, number, sample, value
from rankscope.evidence.verdicts import Evidence

FIVE_PERCENT = 0.95, 1.05
SAME = 0.01
"""A hundredth of the target's energy: differences below it decide nothing."""
FULL = 0.999
"""Share of the columns that a rank must reach to be called full."""

_UPDATE = ("distribution", "sparsity", "rank", "gamma_spread")
_FIT = ("rank", "target", "target_rank", "decay", "input_decay", "columns")
_DENSE = ("normal", "uniform", "binary")


def _name(data: xr.Dataset, index: int) -> str:
    """Name a fitted target without the parameters that it does not use."""
    kind = str(value(data, "target", index))
    own = {"flat": ("target_rank",), "power": ("decay",), "gaussian": ()}[kind]
    where = "" if value(data, "input_decay", index) == 0 else ", activation space"
    return f"{kind}, {label(data, index, *own, 'rank', 'columns')}{where}".replace(", ,", ",")


def _share_of_full(simulated: xr.Dataset, points: list[int]) -> list[tuple[str, np.ndarray]]:
    return [
        (
            label(simulated, i, *_UPDATE),
            sample(simulated, "numerical_rank", i) / value(simulated, "columns", i),
        )
        for i in points
    ]


def full_rank(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Numerical rank over columns, dense bases, ``Gamma_j`` that differ."""
    del predicted
    points = [
        i
        for i in chosen(simulated, "update")
        if value(simulated, "gamma_spread", i) > 0 and value(simulated, "distribution", i) in _DENSE
    ]
    return gather(_share_of_full(simulated, points), FULL, np.inf)


def full_rank_sparse(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Numerical rank over columns, ternary bases, ``Gamma_j`` that differ."""
    del predicted
    points = [
        i
        for i in chosen(simulated, "update", distribution="ternary")
        if value(simulated, "gamma_spread", i) > 0
    ]
    return gather(_share_of_full(simulated, points), FULL, np.inf)


def initial_rank(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Numerical rank over the bases' rank while all ``Gamma_j`` are equal; dense bases."""
    del predicted
    return gather(
        [
            (
                label(simulated, i, *_UPDATE),
                sample(simulated, "numerical_rank", i) / value(simulated, "rank", i),
            )
            for i in chosen(simulated, "update", gamma_spread=0.0)
            if value(simulated, "distribution", i) in _DENSE
        ],
        1.0,
        1.0,
    )


def expected_rank(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Numerical rank of sparse updates minus ``d (1 - z^r)``, per column."""
    return gather(
        [
            (
                label(simulated, i, *_UPDATE),
                (sample(simulated, "numerical_rank", i) - number(predicted, "numerical_rank", i))
                / value(simulated, "columns", i),
            )
            for i in chosen(simulated, "update", distribution="ternary")
            if value(simulated, "gamma_spread", i) > 0
        ],
        -0.03,
        0.03,
    )


def block_rank(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Least rank of a block over ``r``, dense bases."""
    del predicted
    return gather(
        [
            (
                label(simulated, i, *_UPDATE),
                sample(simulated, "block_rank", i) / value(simulated, "rank", i),
            )
            for i in chosen(simulated, "update")
            if value(simulated, "distribution", i) in _DENSE
        ],
        1.0,
        1.0,
    )


def soft_rank(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Stable rank over numerical rank, dense bases, ``Gamma_j`` that differ."""
    del predicted
    return gather(
        [
            (
                label(simulated, i, *_UPDATE),
                sample(simulated, "stable_rank", i) / sample(simulated, "numerical_rank", i),
            )
            for i in chosen(simulated, "update")
            if value(simulated, "gamma_spread", i) > 0
            and value(simulated, "distribution", i) in _DENSE
        ],
        0.5,
        1.0,
        null=1.0,
    )


def moments(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Moments of the singular values over their expectations, mean over points of one base."""
    groups: dict[tuple[str, float], list[int]] = {}
    for i in chosen(simulated, "update"):
        key = str(value(simulated, "distribution", i)), float(value(simulated, "sparsity", i))
        groups.setdefault(key, []).append(i)
    found = []
    for (kind, sparsity), points in groups.items():
        for name in ("second_moment", "fourth_moment"):
            ratios = [sample(simulated, name, i) / number(predicted, name, i) for i in points]
            found.append(
                (
                    f"{kind}, sparsity {sparsity:g}, {name.replace('_', ' ')}",
                    np.mean(ratios, axis=0),
                )
            )
    return gather(found, 0.8, 1.2)


def _fits(simulated: xr.Dataset, *, weights: bool | None = None) -> list[int]:
    points = chosen(simulated, "fit")
    if weights is None:
        return points
    return [i for i in points if (value(simulated, "input_decay", i) == 0) == weights]


def _errors(simulated: xr.Dataset, index: int, method: str) -> np.ndarray:
    return sample(simulated, "error", index, adapter=method)


def _tested(simulated: xr.Dataset, index: int, method: str) -> bool:
    return bool(np.isfinite(_errors(simulated, index, method)).any())


def _difference(simulated: xr.Dataset, points: list[int], first: str, second: str) -> list:
    return [
        (_name(simulated, i), _errors(simulated, i, first) - _errors(simulated, i, second))
        for i in points
        if _tested(simulated, i, first) and _tested(simulated, i, second)
    ]


def randlora_beats_lora(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Error of RandLoRA minus that of the best LoRA, weight space."""
    del predicted
    points = _fits(simulated, weights=True)
    return gather(_difference(simulated, points, "RandLoRA", "LoRA"), -np.inf, 0.0, null=0.0)


def randlora_beats_lora_on_outputs(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """The same in activation space, with anisotropic inputs."""
    del predicted
    points = _fits(simulated, weights=False)
    return gather(_difference(simulated, points, "RandLoRA", "LoRA"), -np.inf, 0.0, null=0.0)


def crossover(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Sign of RandLoRA's advantage times its predicted sign, where the count is clear."""
    found = []
    for i in _fits(simulated, weights=True):
        expected = number(predicted, "lora_error", i) - number(predicted, "dimension_count", i)
        if abs(expected) > 0.05:
            gain = _errors(simulated, i, "LoRA") - _errors(simulated, i, "RandLoRA")
            found.append((_name(simulated, i), np.sign(expected) * gain))
    return gather(found, 0.0, np.inf, null=0.0)


def dimension_count(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """RandLoRA's error minus ``1 - P / (D d)``, isotropic targets."""
    found = []
    for i in _fits(simulated, weights=True):
        isotropic = value(simulated, "target", i) == "gaussian" or (
            value(simulated, "target", i) == "flat"
            and value(simulated, "target_rank", i) == value(simulated, "columns", i)
        )
        if isotropic:
            gap = _errors(simulated, i, "RandLoRA") - number(predicted, "dimension_count", i)
            found.append((_name(simulated, i), gap))
    return gather(found, -0.1, 0.1)


def gamma_only(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Error with only the ``Gamma_j`` fitted, minus ``1 - n / D``."""
    return gather(
        [
            (
                _name(simulated, i),
                sample(simulated, "gamma_error", i) - number(predicted, "gamma_error", i),
            )
            for i in _fits(simulated, weights=True)
        ],
        -0.05,
        0.05,
    )


def equal_norm(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Squared norm of the fit plus its error, minus one, largest over methods."""
    del predicted
    found = []
    for i in _fits(simulated):
        gap = np.abs(simulated.squared_norm + simulated.error - 1).isel(point=i).max("adapter")
        found.append((_name(simulated, i), gap.values))
    return gather(found, -np.inf, SAME)


def half_rank_loses(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Error of RandLoRA-b (half rank) minus that of RandLoRA."""
    del predicted
    return gather(
        _difference(simulated, _fits(simulated), "RandLoRA-b", "RandLoRA"), 0.0, np.inf, null=0.0
    )


def low_rank_loses(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Error of RandLoRA-a (rank r) minus that of RandLoRA."""
    del predicted
    return gather(
        _difference(simulated, _fits(simulated), "RandLoRA-a", "RandLoRA"), 0.0, np.inf, null=0.0
    )


def beats_other_random_bases(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Error of RandLoRA minus the least of VeRA and NoLA at equal parameters."""
    del predicted
    found = []
    for i in _fits(simulated):
        if _tested(simulated, i, "VeRA"):
            others = np.minimum(_errors(simulated, i, "VeRA"), _errors(simulated, i, "NoLA"))
            found.append((_name(simulated, i), _errors(simulated, i, "RandLoRA") - others))
    return gather(found, -np.inf, 0.0, null=0.0)


def entries_count(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Error of a random subset of entries minus ``1 - P / (D d)``, weight space."""
    return gather(
        [
            (
                _name(simulated, i),
                _errors(simulated, i, "entries") - number(predicted, "dimension_count", i),
            )
            for i in _fits(simulated, weights=True)
            if _tested(simulated, i, "entries")
        ],
        -0.05,
        0.05,
    )


def bound_below_one(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Theorem 4.1's bound over the norm of the target."""
    return gather(
        [(_name(simulated, i), sample(simulated, "bound", i)) for i in chosen(simulated, "bound")],
        0.0,
        1.0,
        null=[number(predicted, "bound_floor", i) for i in chosen(simulated, "bound")],
    )


def bound_holds(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Norm of the sum of the blocks' errors over the bound."""
    del predicted
    return gather(
        [
            (
                _name(simulated, i),
                sample(simulated, "block_sum_error", i) / sample(simulated, "bound", i),
            )
            for i in chosen(simulated, "bound")
        ],
        0.0,
        1.0,
    )


def bound_floor(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Theorem 4.1's bound over ``sqrt(n (1 - r / D))``."""
    return gather(
        [
            (
                _name(simulated, i),
                sample(simulated, "bound", i) / number(predicted, "bound_floor", i),
            )
            for i in chosen(simulated, "bound")
        ],
        0.9,
        np.inf,
    )


def joint_fit_below_one(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Norm of the joint fit's error over that of the target."""
    del predicted
    return gather(
        [
            (_name(simulated, i), sample(simulated, "joint_error", i))
            for i in chosen(simulated, "bound")
        ],
        0.0,
        1.0,
        null=1.0,
    )


def _collinear(
    simulated: xr.Dataset, predicted: xr.Dataset, theory: str, measured: str
) -> Evidence:
    names = ("columns", "sparsity")
    found, lower, upper = [], [], []
    for i in chosen(simulated, "collinear"):
        probability = number(predicted, theory, i)
        pairs = value(simulated, "draws", i) * simulated.sizes["replicate"]
        # five per cent, and what counting so many pairs cannot resolve
        room = 0.05 * probability + 4 * np.sqrt(probability / pairs) + 4 / pairs
        found.append((label(simulated, i, *names), sample(simulated, measured, i)))
        lower.append(probability - room)
        upper.append(probability + room)
    return gather(found, lower, upper)


def collinear_printed(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Share of linearly dependent pairs against the printed ``2 q^d``."""
    return _collinear(simulated, predicted, "printed_probability", "dependent_share")


def collinear_exact(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Share of linearly dependent pairs against ``2 q^d + 2 z^d - 3 z^{2d}``."""
    return _collinear(simulated, predicted, "dependent_share", "dependent_share")


def _printed_power(s: float, dimension: int) -> tuple[float, float]:
    """Return the printed probability and the exact one, as powers of ten."""
    agree, zero = (s**2 - 4 * s + 6) / s**2, 1 - 2 / s
    logs = np.log10(2) + dimension * np.log10([agree, zero])
    return float(logs[0]), float(np.log10(np.sum(10.0**logs)))


def collinear_paper(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """``log10`` of the printed formula at the paper's size, minus that of ``2e-49``."""
    del simulated, predicted
    dimension = 768
    found = _printed_power(np.sqrt(dimension), dimension)[0] - np.log10(2e-49)
    return gather([("d 768, s sqrt(768)", found)], -0.1, 0.1)


def collinear_paper_exact(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """``log10`` of the exact probability at the paper's size, minus that of ``2e-49``."""
    del simulated, predicted
    dimension = 768
    found = _printed_power(np.sqrt(dimension), dimension)[1] - np.log10(2e-49)
    return gather([("d 768, s sqrt(768)", found)], -0.1, 0.1)


def parameter_count(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Allocated trained numbers over ``d^2 / r + d``, ranks that divide the columns."""
    return gather(
        [
            (
                label(simulated, i, "rank", "columns"),
                sample(simulated, "trained_parameters", i)
                / number(predicted, "trained_parameters", i),
            )
            for i in chosen(simulated, "accounting")
            if value(simulated, "columns", i) % value(simulated, "rank", i) == 0
        ],
        1.0,
        1.0,
    )


def equal_budget(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """RandLoRA-6 over LoRA-32 on one square matrix."""
    del predicted
    return gather(
        [
            (
                label(simulated, i, "rank", "other_rank", "columns"),
                sample(simulated, "parameter_ratio", i),
            )
            for i in chosen(simulated, "accounting", rank=6, other_rank=32)
        ],
        0.95,
        1.05,
    )


def equal_budget_per_block(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """RandLoRA-6 over LoRA-32 on the four matrices of a ViT-B block."""
    del predicted
    width, found = 768, []
    lora = 32 * ((width + 3 * width) + 2 * width + 2 * (width + 4 * width))
    for i in chosen(simulated, "accounting", rank=6, columns=width):
        found.append(("ViT-B block", 4 * sample(simulated, "trained_parameters", i) / lora))
    return gather(found[:1], 0.95, 1.05)


def tables_agree(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Averages of table 2 minus those of table 11 for the same method and model."""
    del simulated, predicted
    rows = {"LoRA-32": (83.74, 82.2), "RandLoRA-6": (85.98, 84.4)}
    return gather([(name, a - b) for name, (a, b) in rows.items()], -0.1, 0.1)
