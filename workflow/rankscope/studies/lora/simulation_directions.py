"""Probes of directions: of trained adapters, of random frames, of perturbed weights."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import adapter_probes, low_rank, subspaces, targets
from rankscope.numerics import low_rank_training as training
from rankscope.studies.lora.parameters import Parameters

BASE_NORM, BASE_DECAY = 10.0, 0.5
"""Of the base weight that a probed update of norm about 1 is compared with."""

ADAPTERS = ("small", "large", "large, cut to the small rank")
CONTROLS = ("few new directions", "many new directions", "base directions")
SPREAD = 8
"""The control of many directions spreads the same norm over this many times the rank."""
TUNED_DIRECTIONS, THRESHOLD = 10, 0.5
"""Leading directions searched for intruders, and the cosine below which one is new."""


def probe(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Train adapters of two ranks with shared and unshared seeds, and probe them."""
    runs = [_probe_one(p, np.random.default_rng(stream)) for stream in streams]
    shared, unshared, large, factor, alignment = (
        np.stack(part) for part in zip(*runs, strict=True)
    )
    across = ("replicate", "i", "j")
    return xr.Dataset(
        {
            "phi_shared": variable(across, shared, "phi(i, j), two ranks, one seed"),
            "phi_unshared": variable(across, unshared, "phi(i, j), two ranks, two seeds"),
            "phi_seeds": variable(
                ("replicate", "i_large", "j"), large, "phi(i, j), larger rank, two seeds"
            ),
            "amplification": variable(
                ("replicate", "adapter"), factor, "amplification factor |dW| / |U^T W V|"
            ),
            "alignment": variable(
                ("replicate", "adapter"), alignment, "amplification of random directions / of these"
            ),
        },
        coords={
            "i": variable("i", np.arange(1, p.rank + 1), "leading directions, smaller rank"),
            "i_large": variable("i_large", np.arange(1, p.other_rank + 1), "leading directions"),
            "j": variable("j", np.arange(1, p.other_rank + 1), "leading directions, larger rank"),
            "adapter": variable("adapter", list(ADAPTERS), "which adapter is probed"),
        },
    )


def _probe_one(p: Parameters, generator: np.random.Generator) -> tuple[np.ndarray, ...]:
    shape = (p.rows, p.columns)
    size = min(shape)
    base = targets.draw(generator, shape, "power", size, BASE_DECAY)
    truth = _true_update(p, generator, base)
    x = generator.standard_normal((p.samples, p.columns))
    y = (x @ truth.right) * truth.singular_values @ truth.left.T
    y += p.noise * generator.standard_normal(y.shape)
    seeds = generator.integers(2**62, size=2)
    small, large, other = (
        _train(p, rank, x, y, np.random.default_rng(seed))
        for rank, seed in ((p.rank, seeds[0]), (p.other_rank, seeds[0]), (p.other_rank, seeds[1]))
    )
    weight = BASE_NORM * base.dense()
    probes = [
        adapter_probes.amplification(weight, u.left, u.right, u.frobenius_norm)
        for u in (small, large, large.truncated(p.rank))
    ]
    return (
        subspaces.subspace_similarity(small.right, large.right),
        subspaces.subspace_similarity(small.right, other.right),
        subspaces.subspace_similarity(large.right, other.right),
        np.array([q.factor for q in probes]),
        np.array([q.alignment for q in probes]),
    )


def _true_update(
    p: Parameters, generator: np.random.Generator, base: low_rank.LowRankSvd
) -> low_rank.LowRankSvd:
    free = targets.draw(generator, (p.rows, p.columns), p.teacher, p.teacher_rank, p.decay)
    if p.base == "independent":
        return free
    count = p.teacher_rank
    chosen = slice(0, count) if p.base == "leading" else slice(-count, None)
    return low_rank.LowRankSvd(base.left[:, chosen], free.singular_values, base.right[:, chosen])


def _train(
    p: Parameters, rank: int, x: np.ndarray, y: np.ndarray, generator: np.random.Generator
) -> low_rank.LowRankSvd:
    """Train on the samples; the generator gives the order of the batches, then the start."""
    batches = generator.integers(p.samples, size=(p.steps, p.batch_size))
    factors = training.initial_factors(generator, p.rows, p.columns, rank)
    optimiser = training.OPTIMISERS[p.optimiser]()
    for step, batch in enumerate(batches):
        slope = training.gradients_from_outputs(factors, x[batch], y[batch], 1.0)
        rate = p.learning_rate * training.cosine_schedule(step, p.steps)
        optimiser.update(factors, slope, rate)
    return low_rank.svd(factors.lora_B, factors.lora_A)


def frames(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Probe random frames: the similarity, what they capture, and the identity of App. G."""
    runs = [_frames_one(p, np.random.default_rng(stream)) for stream in streams]
    similarity, captured, printed, correct = (np.stack(part) for part in zip(*runs, strict=True))
    return xr.Dataset(
        {
            "similarity": variable(
                "replicate", similarity.mean(axis=1), "phi(i, j) of random frames, mean of draws"
            ),
            "similarity_variance": variable(
                "replicate", similarity.var(axis=1, ddof=1), "variance of phi over draws"
            ),
            "captured_square": variable(
                "replicate",
                (captured**2).mean(axis=1),
                "|U^T W V|_F^2 for random U and V, mean of draws",
            ),
            "identity_error": variable(
                "replicate", correct.max(axis=1), "largest |phi - (1 - d^2 / p)| over draws"
            ),
            "printed_identity_error": variable(
                "replicate", printed.max(axis=1), "largest |phi - (1 - d^2) / p| over draws"
            ),
        }
    )


def _frames_one(p: Parameters, generator: np.random.Generator) -> np.ndarray:
    """Return, per draw: phi, what is captured, and the errors of both identities."""
    spectrum = np.full(min(p.rows, p.columns), p.base_norm / np.sqrt(min(p.rows, p.columns)))
    found = np.empty((4, p.draws))
    for draw in range(p.draws):
        first = low_rank.random_frame(generator, (p.columns, p.rank))
        second = low_rank.random_frame(generator, (p.columns, p.other_rank))
        left = low_rank.random_frame(generator, (p.rows, p.rank))
        count = min(p.rank, p.other_rank)
        phi = subspaces.subspace_similarity(first, second)[-1, -1]
        distance = np.linalg.norm(np.sin(np.arccos(subspaces.cosines(first, second))))
        # a random frame sees any base weight as it sees the diagonal of its singular values
        held = (left[: len(spectrum)].T * spectrum) @ first[: len(spectrum)]
        found[:, draw] = (
            phi,
            np.linalg.norm(held),
            abs(phi - (1 - distance**2) / count),
            abs(phi - (1 - distance**2 / count)),
        )
    return found


def intruder(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Add an update to a random weight; follow its directions and count intruders."""
    runs = [_mean_of_draws(p, np.random.default_rng(stream)) for stream in streams]
    laws, counts = (np.stack(part) for part in zip(*runs, strict=True))
    labels = {
        "spike_value": "leading singular value of the tuned weight",
        "left_overlap": "squared overlap of its left vectors with the update's",
        "right_overlap": "squared overlap of its right vectors with the update's",
        "random_match": "largest |cosine| of a random direction with the base weight's",
    }
    return xr.Dataset(
        {
            name: variable("replicate", laws[:, index], label)
            for index, (name, label) in enumerate(labels.items())
        }
        | {
            "intruders": variable(
                ("replicate", "control"),
                counts,
                f"intruders among the {TUNED_DIRECTIONS} leading directions of the tuned weight",
            )
        },
        coords={"control": variable("control", list(CONTROLS), "update of the same norm")},
    )


def _mean_of_draws(p: Parameters, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    draws = [_intruder_one(p, generator) for _ in range(p.draws)]
    laws, counts = (np.mean(part, axis=0) for part in zip(*draws, strict=True))
    return laws, counts


def _intruder_one(p: Parameters, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    shape = (p.rows, p.columns)
    weight = generator.standard_normal(shape) / np.sqrt(max(shape))
    base_left, _, base_right = np.linalg.svd(weight, full_matrices=False)
    few = _new_directions(generator, shape, p.rank, p.spike)
    spread = min(SPREAD * p.rank, min(shape))
    many = _new_directions(generator, shape, spread, p.spike * np.sqrt(p.rank / spread))
    own = low_rank.LowRankSvd(base_left[:, : p.rank], few.singular_values, base_right[: p.rank].T)
    tuned = [np.linalg.svd(weight + update.dense()) for update in (few, many, own)]
    left, values, right_t = tuned[0]
    laws = np.array(
        [
            values[: p.rank].mean(),
            (subspaces.overlap(left[:, : p.rank].T, few.left) ** 2).mean(),
            (subspaces.overlap(right_t[: p.rank], few.right) ** 2).mean(),
            adapter_probes.best_match(
                low_rank.random_frame(generator, (p.rows, p.rank)), base_left
            ).mean(),
        ]
    )
    counts = np.array(
        [
            adapter_probes.count_intruders(u[:, :TUNED_DIRECTIONS], base_left, THRESHOLD)
            for u, _, _ in tuned
        ]
    )
    return laws, counts


def _new_directions(
    generator: np.random.Generator, shape: tuple[int, int], rank: int, value: float
) -> low_rank.LowRankSvd:
    return low_rank.LowRankSvd(
        low_rank.random_frame(generator, (shape[0], rank)),
        np.full(rank, value),
        low_rank.random_frame(generator, (shape[1], rank)),
    )
