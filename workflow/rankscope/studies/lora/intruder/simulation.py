"""Add updates to a random weight; follow their directions and count intruders."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import adapter_probes, low_rank, subspaces
from rankscope.studies.lora.intruder.parameters import Parameters

CONTROLS = ("few new directions", "many new directions", "base directions")
SPREAD = 8
"""The control of many directions spreads the same norm over this many times the rank."""
TUNED_DIRECTIONS, THRESHOLD = 10, 0.5
"""Leading directions searched for intruders, and the cosine below which one is new."""

LAWS = {
    "spike_value": "leading singular value of the tuned weight",
    "left_overlap": "squared overlap of its left vectors with the update's",
    "right_overlap": "squared overlap of its right vectors with the update's",
    "random_match": "largest |cosine| of a random direction with the base weight's",
}


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Tune random weights, ``draws`` times per stream, and average over draws."""
    runs = [_mean_of_draws(parameters, np.random.default_rng(stream)) for stream in streams]
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


def _mean_of_draws(p: Parameters, generator: np.random.Generator) -> tuple[np.ndarray, ...]:
    draws = [_tune(p, generator) for _ in range(p.draws)]
    return tuple(np.mean(part, axis=0) for part in zip(*draws, strict=True))


def _tune(p: Parameters, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return what `LAWS` names, and the intruders of each of `CONTROLS`."""
    shape = (p.rows, p.columns)
    weight = generator.standard_normal(shape) / np.sqrt(max(shape))
    base_left, _, base_right = np.linalg.svd(weight, full_matrices=False)
    few = _new_directions(generator, shape, p.rank, p.spike)
    spread = min(SPREAD * p.rank, min(shape))
    many = _new_directions(generator, shape, spread, p.spike * np.sqrt(p.rank / spread))
    own = low_rank.LowRankSvd(base_left[:, : p.rank], few.singular_values, base_right[: p.rank].T)
    tuned = [np.linalg.svd(weight + update.dense()) for update in (few, many, own)]
    left, values, right_t = tuned[0]
    stranger = low_rank.random_frame(generator, (p.rows, p.rank))
    laws = (
        values[: p.rank].mean(),
        (subspaces.overlap(left[:, : p.rank].T, few.left) ** 2).mean(),
        (subspaces.overlap(right_t[: p.rank], few.right) ** 2).mean(),
        adapter_probes.best_match(stranger, base_left).mean(),
    )
    counts = [
        adapter_probes.count_intruders(u[:, :TUNED_DIRECTIONS], base_left, THRESHOLD)
        for u, _, _ in tuned
    ]
    return np.array(laws), np.array(counts)


def _new_directions(
    generator: np.random.Generator, shape: tuple[int, int], rank: int, value: float
) -> low_rank.LowRankSvd:
    return low_rank.LowRankSvd(
        low_rank.random_frame(generator, (shape[0], rank)),
        np.full(rank, value),
        low_rank.random_frame(generator, (shape[1], rank)),
    )
