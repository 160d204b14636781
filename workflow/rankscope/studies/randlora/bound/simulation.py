"""Fit a target block by block, as theorem 4.1 does, and jointly."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import bilinear_fit as fits
from rankscope.numerics import low_rank, random_bases, targets
from rankscope.studies.randlora.bound.parameters import Parameters

TOLERANCE = 1e-4
"""A sweep that lowers the relative squared error by less ends the fit."""


def simulate(p: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Compare theorem 4.1's ``n eps`` with the error of a joint fit of the same bases."""
    values = np.array([_fit(p, np.random.default_rng(stream)) for stream in streams])
    labels = {
        "block_error": "root of the blocks' summed squared errors / norm of the target",
        "bound": "n times the largest block error / norm of the target",
        "block_sum_error": "norm of the sum of the blocks' fits minus target / norm of the target",
        "joint_error": "norm of the joint fit minus target / norm of the target",
    }
    return xr.Dataset(
        {
            name: variable("replicate", values[:, index], label)
            for index, (name, label) in enumerate(labels.items())
        }
    )


def _fit(p: Parameters, generator: np.random.Generator) -> tuple[float, ...]:
    truth = targets.draw(generator, (p.rows, p.columns), p.target, p.target_rank, p.decay)
    count, size = p.bases(), len(truth.singular_values)
    bases = random_bases.draw(generator, (count, p.rows, p.rank), p.distribution, p.sparsity)
    base = random_bases.draw(generator, (p.rank, p.columns), p.distribution, p.sparsity)
    starts = generator.standard_normal((count, p.rank))
    errors, total = [], np.zeros((p.rows, p.columns))
    for index, (matrix, start) in enumerate(zip(bases, starts, strict=True)):
        chosen = slice(index * p.rank, min((index + 1) * p.rank, size))
        block = low_rank.LowRankSvd(
            truth.left[:, chosen], truth.singular_values[chosen], truth.right[:, chosen]
        ).dense()
        if not block.any():
            continue
        family = fits.RandLora(matrix[None], base, start[None])
        result = fits.fit(family, fits.Goal(block), sweeps=p.sweeps, tolerance=TOLERANCE)
        errors.append(np.linalg.norm(result.update - block))
        total += result.update
    goal = fits.Goal(truth.dense())
    joint = fits.fit(fits.RandLora(bases, base, starts), goal, sweeps=p.sweeps, tolerance=TOLERANCE)
    norm = float(truth.frobenius_norm)
    return (
        float(np.linalg.norm(errors)) / norm,
        count * float(max(errors)) / norm,
        float(np.linalg.norm(total - goal.target)) / norm,
        float(np.sqrt(joint.error)),
    )
