"""Evidence from probes of directions, random ones and learned ones, and from counts."""

import numpy as np
import xarray as xr

from rankscope.studies.lora.claims_tools import chosen, gather, label, number, sample, value
from rankscope.evidence.verdicts import Evidence

UNIT = 0.9, 1.1
"""Ten per cent about one: nulls and alignments are compared with factors of 2 and more."""
MANY_DRAWS = 10
"""A variance within a replicate needs some draws."""
SHARED = 0.5
"""The similarity above which the paper calls a direction shared (figure 3)."""
GPT3_WIDTH, GPT3_NORM = 12288, 61.95
TABLE_7 = {4: (0.02, 6.91, 0.32), 64: (0.33, 3.57, 1.90)}
"""Per rank: |U^T W V| of random directions, |dW|, and |U^T W V| of dW's directions."""
OVERLAP = 0.05
"""Room for the finite width in a squared overlap, about d^{-1/2} at the least width used."""

_FRAMES = ("rank", "other_rank", "columns")
_PROBE = ("base", "decay", "steps")
_INTRUDER = ("rows", "columns", "spike")


def similarity_null(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Mean of phi between random frames over ``max(i, j) / d``."""
    return gather(
        [
            (
                label(simulated, i, *_FRAMES),
                sample(simulated, "similarity", i) / number(predicted, "similarity", i),
            )
            for i in chosen(simulated, "frames")
        ],
        *UNIT,
    )


def similarity_variance(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Variance of phi between random frames over the formula."""
    return gather(
        [
            (
                label(simulated, i, *_FRAMES),
                sample(simulated, "similarity_variance", i)
                / number(predicted, "similarity_variance", i),
            )
            for i in chosen(simulated, "frames")
            if value(simulated, "draws", i) >= MANY_DRAWS
        ],
        0.7,
        1.3,
    )


def captured_null(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """``|U^T W V|^2`` of random frames over ``r^2 |W|^2 / (D d)``, rank 4 or more."""
    return gather(
        [
            (
                label(simulated, i, *_FRAMES),
                sample(simulated, "captured_square", i) / number(predicted, "captured_square", i),
            )
            for i in chosen(simulated, "frames")
            if value(simulated, "rank", i) >= 4
        ],
        *UNIT,
    )


def _table_7(simulated: xr.Dataset) -> list[tuple[int, np.ndarray]]:
    """Return, per rank of table 7, what random directions capture at GPT-3's size."""
    found = []
    for rank in TABLE_7:
        for i in chosen(
            simulated, "frames", rank=rank, columns=GPT3_WIDTH, rows=GPT3_WIDTH, base_norm=GPT3_NORM
        ):
            found.append((rank, np.sqrt(sample(simulated, "captured_square", i))))
    return found


def table_7_random(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """What random directions capture, against the one draw that the paper prints."""
    del predicted
    rows = _table_7(simulated)
    printed = np.array([TABLE_7[rank][0] for rank, _ in rows])
    # one draw has a relative spread of 1 / (sqrt(2) r); the paper rounds to 0.01
    room = 0.005 + 3 * printed / (np.sqrt(2) * np.array([rank for rank, _ in rows]))
    return gather([(f"rank {r}", v) for r, v in rows], printed - room, printed + room)


def table_7_alignment(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """What dW's directions capture of W in table 7, over what random ones do."""
    del predicted
    return gather(
        [(f"rank {rank}", TABLE_7[rank][2] / values) for rank, values in _table_7(simulated)],
        1.0,
        np.inf,
        null=1.0,
    )


def table_7_amplification(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """The amplification factor of table 7 over that of random directions."""
    del predicted
    found = []
    for rank, values in _table_7(simulated):
        _, norm, held = TABLE_7[rank]
        found.append((f"rank {rank}", (norm / held) / (norm / values)))
    return gather(found, 1.0, np.inf, null=1.0)


def identity(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Largest error of ``phi = 1 - d^2 / p``."""
    del predicted
    return _identity(simulated, "identity_error")


def printed_identity(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Largest error of ``phi = (1 - d^2) / p``."""
    del predicted
    return _identity(simulated, "printed_identity_error")


def _identity(simulated: xr.Dataset, name: str) -> Evidence:
    return gather(
        [
            (label(simulated, i, *_FRAMES), sample(simulated, name, i))
            for i in chosen(simulated, "frames")
            if min(value(simulated, "rank", i), value(simulated, "other_rank", i)) >= 2
        ],
        -np.inf,
        1e-9,
    )


def first_direction_shared(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """``phi(1, 1)`` between adapters of two ranks and one seed."""
    return gather(
        [
            (label(simulated, i, *_PROBE), sample(simulated, "phi_shared", i, i=1, j=1))
            for i in chosen(simulated, "probe")
        ],
        SHARED,
        1.0,
        null=[number(predicted, "phi_null", i, i=1, j=1) for i in chosen(simulated, "probe")],
    )


def seeds_share_more_than_chance(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """``phi`` of all directions between two seeds, minus its mean over random frames."""
    found, nulls = [], []
    for i in chosen(simulated, "probe"):
        r = int(value(simulated, "other_rank", i))
        nulls.append(3 * number(predicted, "phi_seeds_null_sd", i, i_large=r, j=r))
        found.append(
            (
                label(simulated, i, *_PROBE),
                sample(simulated, "phi_seeds", i, i_large=r, j=r)
                - number(predicted, "phi_seeds_null", i, i_large=r, j=r),
            )
        )
    return gather(found, nulls, np.inf, null=0.0)


def seed_matters(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """``phi`` of all directions of the smaller rank, one seed minus two seeds."""
    del predicted
    found = []
    for i in chosen(simulated, "probe"):
        r = int(value(simulated, "rank", i))
        found.append(
            (
                label(simulated, i, *_PROBE),
                sample(simulated, "phi_shared", i, i=r, j=r)
                - sample(simulated, "phi_unshared", i, i=r, j=r),
            )
        )
    return gather(found, 0.0, np.inf, null=0.0)


def unrelated_alignment(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Alignment of adapters whose true update has nothing to do with the base weight."""
    del predicted
    return gather(
        [
            (
                f"{label(simulated, i, *_PROBE)}, {adapter}",
                sample(simulated, "alignment", i, adapter=adapter),
            )
            for i in chosen(simulated, "probe", base="independent")
            for adapter in ("small", "large")
        ],
        *UNIT,
        null=1.0,
    )


def related_alignment(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Alignment of the smaller adapter where the truth lies in the base's directions."""
    del predicted
    return gather(
        [
            (label(simulated, i, *_PROBE), sample(simulated, "alignment", i, adapter="small"))
            for i in chosen(simulated, "probe")
            if value(simulated, "base", i) != "independent"
        ],
        UNIT[1],
        np.inf,
        null=1.0,
    )


def factor_falls_with_rank(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Amplification of the smaller over the larger rank, over the ratio of the ranks."""
    del predicted
    found = []
    for i in chosen(simulated, "probe", base="independent"):
        ratio = value(simulated, "other_rank", i) / value(simulated, "rank", i)
        small, large = (
            sample(simulated, "amplification", i, adapter=name) for name in ("small", "large")
        )
        found.append((label(simulated, i, *_PROBE), small / large / ratio))
    return gather(found, 0.5, 2.0, null=1.0)


def spike_value(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Leading singular value over that of the spiked law."""
    return gather(
        [
            (
                label(simulated, i, *_INTRUDER),
                sample(simulated, "spike_value", i) / number(predicted, "spike_value", i),
            )
            for i in chosen(simulated, "intruder")
        ],
        0.95,
        1.05,
    )


def spike_overlap(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Squared overlap with the update's vectors minus the law, both sides."""
    return gather(
        [
            (
                f"{label(simulated, i, *_INTRUDER)}, {side}",
                sample(simulated, name, i) - number(predicted, name, i),
            )
            for i in chosen(simulated, "intruder")
            for side, name in (("left", "left_overlap"), ("right", "right_overlap"))
        ],
        -OVERLAP,
        OVERLAP,
    )


def random_direction(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Best match of a random direction with the base weight's."""
    points = chosen(simulated, "intruder")
    return gather(
        [(label(simulated, i, *_INTRUDER), sample(simulated, "random_match", i)) for i in points],
        0.0,
        0.5,
        null=[number(predicted, "random_match", i) for i in points],
    )


def random_direction_law(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """The same over its expectation."""
    return gather(
        [
            (
                label(simulated, i, *_INTRUDER),
                sample(simulated, "random_match", i) / number(predicted, "random_match", i),
            )
            for i in chosen(simulated, "intruder")
        ],
        *UNIT,
    )


def new_directions_intrude(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Intruders per new direction; spikes of 1.5 thresholds or more."""
    return gather(
        [
            (
                label(simulated, i, *_INTRUDER),
                sample(simulated, "intruders", i, control="few new directions")
                / value(simulated, "rank", i),
            )
            for i in chosen(simulated, "intruder")
            if value(simulated, "spike", i) >= 1.5 * number(predicted, "threshold", i)
        ],
        0.9,
        np.inf,
    )


def own_directions_do_not(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Intruders of an update of the same norm along the base weight's own directions."""
    del predicted
    return gather(
        [
            (
                label(simulated, i, *_INTRUDER),
                sample(simulated, "intruders", i, control="base directions"),
            )
            for i in chosen(simulated, "intruder")
        ],
        -np.inf,
        0.1,
    )


def norm_does_not_decide(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Intruders of the same norm spread over eight times the directions, minus those of few."""
    del predicted
    return gather(
        [
            (
                label(simulated, i, *_INTRUDER),
                sample(simulated, "intruders", i, control="many new directions")
                - sample(simulated, "intruders", i, control="few new directions"),
            )
            for i in chosen(simulated, "intruder")
        ],
        -0.5,
        0.5,
        null=0.0,
    )
