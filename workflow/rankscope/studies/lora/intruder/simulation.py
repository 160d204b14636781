"""Add updates to a random weight; follow their directions and count intruders."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import adapter_probes, low_rank, subspaces
from rankscope.studies.lora.intruder.parameters import TUNED_DIRECTIONS, Parameters

CONTROLS = ("few new directions", "many new directions", "base directions")
THRESHOLD = 0.5
"""The cosine below which a direction is new."""

LAWS = {
    "spike_value": "leading singular value of the tuned weight",
    "left_overlap": "squared overlap of its left vectors with the update's",
    "right_overlap": "squared overlap of its right vectors with the update's",
}


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Tune one random weight per stream."""
    runs = [_tune(parameters, np.random.default_rng(stream)) for stream in streams]
    laws, counts = (np.stack(part) for part in zip(*runs, strict=True))
    found = {
        name: variable("replicate", laws[:, index], text)
        for index, (name, text) in enumerate(LAWS.items())
    }
    found["intruders"] = variable(
        ("replicate", "control"),
        counts,
        f"intruders among the {TUNED_DIRECTIONS} leading directions of the tuned weight",
    )
    return xr.Dataset(
        found, coords={"control": variable("control", list(CONTROLS), "update of the same norm")}
    )


def _tune(p: Parameters, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return what `LAWS` names, and the intruders of each of `CONTROLS`."""
    shape = (p.rows, p.columns)
    weight = generator.standard_normal(shape) / np.sqrt(max(shape))
    base_left, _, base_right = np.linalg.svd(weight, full_matrices=False)
    few = _new_directions(generator, shape, p.rank, p.spike)
    many = _new_directions(generator, shape, p.spread, p.spike * np.sqrt(p.rank / p.spread))
    own = low_rank.LowRankSvd(base_left[:, : p.rank], few.singular_values, base_right[: p.rank].T)
    tuned = [np.linalg.svd(weight + update.dense()) for update in (few, many, own)]
    left, values, right_t = tuned[0]
    laws = (
        values[: p.rank].mean(),
        (subspaces.overlap(left[:, : p.rank].T, few.left) ** 2).mean(),
        (subspaces.overlap(right_t[: p.rank], few.right) ** 2).mean(),
    )
    counts = [
        adapter_probes.count_intruders(u[:, :TUNED_DIRECTIONS], base_left, THRESHOLD)
        for u, _, _ in tuned
    ]
    return np.array(laws), np.array(counts, dtype=float)


def _new_directions(
    generator: np.random.Generator, shape: tuple[int, int], rank: int, value: float
) -> low_rank.LowRankSvd:
    return low_rank.LowRankSvd(
        low_rank.random_frame(generator, (shape[0], rank)),
        np.full(rank, value),
        low_rank.random_frame(generator, (shape[1], rank)),
    )
