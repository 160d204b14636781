"""Probe random frames: their similarity, what they capture, and the identity of appendix G."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import low_rank, subspaces, targets
from rankscope.studies.lora.frames.parameters import Parameters


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Draw and probe frames, ``draws`` times per stream."""
    runs = [_probe(parameters, np.random.default_rng(stream)) for stream in streams]
    similarity, captured, printed, correct = np.stack(runs, axis=1)
    found = {
        "similarity": (similarity.mean(axis=1), "phi(i, j) of random frames, mean of draws"),
        "similarity_variance": (similarity.var(axis=1, ddof=1), "variance of phi over draws"),
        "captured_square": (
            (captured**2).mean(axis=1),
            "|U^T W V|_F^2 for random U and V, mean of draws",
        ),
        "captured_square_variance": (
            (captured**2).var(axis=1, ddof=1),
            "variance of |U^T W V|_F^2 over draws",
        ),
        "identity_error": (correct.max(axis=1), "largest |phi - (1 - d^2 / p)| over draws"),
        "printed_identity_error": (
            printed.max(axis=1),
            "largest |phi - (1 - d^2) / p| over draws",
        ),
    }
    return xr.Dataset(
        {name: variable("replicate", values, text) for name, (values, text) in found.items()}
    )


def _probe(p: Parameters, generator: np.random.Generator) -> np.ndarray:
    """Return, per draw: phi, what is captured, and the errors of both identities."""
    smaller = min(p.rows, p.columns)
    spectrum = p.base_norm * targets.singular_values("power", smaller, p.base_decay)
    count = min(p.rank, p.other_rank)
    found = np.empty((4, p.draws))
    for draw in range(p.draws):
        first = low_rank.random_frame(generator, (p.columns, p.rank))
        second = low_rank.random_frame(generator, (p.columns, p.other_rank))
        left = low_rank.random_frame(generator, (p.rows, p.rank))
        phi = subspaces.subspace_similarity(first, second)[-1, -1]
        distance = np.linalg.norm(np.sin(np.arccos(subspaces.cosines(first, second))))
        # a random frame sees any base weight as it sees the diagonal of its singular values
        held = (left[:smaller].T * spectrum) @ first[:smaller]
        found[:, draw] = (
            phi,
            np.linalg.norm(held),
            abs(phi - (1 - distance**2) / count),
            abs(phi - (1 - distance**2 / count)),
        )
    return found
