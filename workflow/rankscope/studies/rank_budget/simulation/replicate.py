"""A replicate: what the start says, full fine-tuning cut matrix by matrix, and LoRA allotted."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import ranks
from rankscope.numerics.leading_directions import leading_left
from rankscope.studies.language_model.simulation import replicate as language_model
from rankscope.studies.language_model.simulation import training
from rankscope.studies.language_model.simulation.network import Update
from rankscope.studies.language_model.simulation.training import Data, Model, Setting, Trained
from rankscope.studies.language_model.simulation.tuning import Search
from rankscope.studies.rank_budget.parameters import (
    ALLOTTED,
    KEPT,
    NULL_DRAWS,
    REVERSED,
    SAID,
    SIDES,
    SOURCES,
    Allotted,
    Parameters,
    needed_rank,
)
from rankscope.studies.rank_budget.simulation import gradients, recording
from rankscope.studies.rank_budget.simulation.allotment import allot, reversed_order
from rankscope.studies.rank_budget.simulation.gradients import Gradients

SHOWN = 48
"""Eigenvalues and singular values that are kept."""
Svd = tuple[np.ndarray, np.ndarray, np.ndarray]

BY_MATRIX = {
    "said_rank": ("rank that is said", "predictor"),
    "outliers": ("outliers, at least 1: directions that are compared", "source"),
    "share": ("share of the update's leading directions in the start's", "source", "side"),
    "null_share": ("share of the update's leading directions, task null", "source", "side"),
    "g_eigenvalue": ("eigenvalue of G", "index"),
    "g_edge": ("largest eigenvalue of G, task null",),
    "gradient_value": ("singular value of the mean gradient", "index"),
    "gradient_edge": ("largest singular value of the mean gradient, task null",),
    "update_value": ("singular value of full fine-tuning's update", "index"),
}
"""What is measured of each matrix: what it is, and its dimensions."""


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Say, train and measure once per stream; see the package's ``simulate``."""
    language_model.require_device(parameters)
    torch.set_num_threads(parameters.threads)
    data = language_model.prepare(parameters)
    found = language_model.tuned(parameters)
    rows = [_replicate(parameters, data, found, stream) for stream in streams]
    joined = xr.concat(rows, "replicate", data_vars="all", coords="minimal")
    searched = language_model.searched(parameters, found)
    return joined.assign(searched).assign_coords(_coordinates(parameters))


def _replicate(
    parameters: Parameters, data: Data, found: dict[str, Search], stream: np.random.SeedSequence
) -> xr.Dataset:
    """Train and measure one replicate; all that it trains shares head, texts and their order."""
    head, order, adapter, null = (int(word) for word in stream.generate_state(4))
    steps = training.batches(order, data, parameters)
    own = {run.name: run for run in parameters.run_list()}
    alone, full, even, more = own

    def settings(rates: str, *runs: Allotted) -> list[Setting]:
        """Return runs at the rates of one that has them; that one if there are none."""
        body, of_head = language_model.used(parameters, own[rates], found[rates].best())
        return [Setting(run, body, of_head, head, adapter) for run in runs or (own[rates],)]

    start, tuned = training.train(settings(alone) + settings(full), steps, data, parameters)
    generator = np.random.default_rng(null)
    texts = generator.permutation(np.unique(steps))[: parameters.gradient_texts]
    seen = recording.gradients(data, start.head, texts)
    svds = {name: _svd(update.dense().cpu().numpy()) for name, update in tuned.updates.items()}
    losses = _cut_losses(data, tuned, svds)
    measured = [
        _measure(seen[name], svd, row, data.classes, generator)
        for (name, svd), row in zip(svds.items(), losses, strict=True)
    ]
    table = {
        name: variable(("matrix", *dims), np.stack([row[name] for row in measured]), text)
        for name, (text, *dims) in BY_MATRIX.items()
    }
    allotted = _allotments(parameters, table["said_rank"].values)
    rest = settings(even) + settings(more) + settings(even, *allotted)
    models = [start, tuned, *training.train(rest, steps, data, parameters)]
    tested = training.evaluate(models, data.test, data)
    correct = tested.correct.astype(np.float32)
    sizes = [float(one.size) for one in models]
    given = [[run.rank_of(name) for name in svds] for run in allotted]
    return xr.Dataset(
        {
            **table,
            "cut_loss": variable(
                ("matrix", "kept"), losses, "cross entropy, one update cut, test texts", "nat"
            ),
            "text_loss": variable(("arm", "text"), tested.losses, "cross entropy", "nat"),
            "correct": variable(("arm", "text"), correct, "1 if the class is found"),
            "adapter_parameters": variable("arm", sizes, "trained parameters without the head"),
            "given_rank": variable(("allotment", "matrix"), given, "rank that is allotted"),
        }
    )


def _svd(update: np.ndarray) -> Svd:
    """Return singular vectors as columns, and values; ``nan`` of an update that has diverged."""
    if not np.isfinite(update).all():
        sides = [np.full((side, min(update.shape)), np.nan) for side in update.shape]
        return sides[0], sides[0][0], sides[1]
    left, values, right = np.linalg.svd(update.astype(float), full_matrices=False)
    return left, values, right.T


def _measure(
    one: Gradients,
    update: Svd,
    losses: np.ndarray,
    classes: int,
    generator: np.random.Generator,
) -> dict[str, Any]:
    """Return what is measured of a matrix, by the names of `BY_MATRIX`.

    Shares are those of as many directions as there are outliers, at least 1: what gains needs a
    rank. The first draw of the task null is compared.
    """
    nulls = [one.at_random(generator) for _ in range(NULL_DRAWS)]
    edges = (
        max(float(null.spectrum[0][0]) for null in nulls),
        max(float(np.linalg.norm(null.mean, 2)) for null in nulls),
    )
    spectra = one.spectrum[0], np.linalg.svd(one.mean, compute_uv=False)
    counts = [max(int(np.sum(s > e)), 1) for s, e in zip(spectra, edges, strict=True)]
    # the mean of the inputs is most of their second moment
    centred = one.inputs - one.inputs.mean(axis=0, dtype=float)
    needed = needed_rank([*KEPT, len(update[1])], losses.tolist())
    dimension = ranks.participation_ratio(np.linalg.svd(centred, compute_uv=False))
    return {
        "said_rank": [*counts, ranks.stable_rank(spectra[1]), dimension, classes - 1, needed],
        "outliers": np.array(counts, dtype=float),
        "share": _shares(update, one, counts),
        "null_share": _shares(update, nulls[0], counts),
        "g_eigenvalue": _first(spectra[0]),
        "g_edge": edges[0],
        "gradient_value": _first(spectra[1]),
        "gradient_edge": edges[1],
        "update_value": _first(update[1]),
    }


def _first(values: np.ndarray) -> np.ndarray:
    return np.pad(values[:SHOWN], (0, max(SHOWN - len(values), 0)), constant_values=np.nan)


def _shares(update: Svd, one: Gradients, counts: Sequence[int]) -> np.ndarray:
    """Return shares of the update's leading directions, shape ``(source, side)``."""
    leading = one.leading(counts[0])
    bases = (
        [leading[side] for side in SIDES],
        [leading_left(side, counts[1]) for side in (one.mean, one.mean.T)],
    )
    return np.array(
        [
            [
                gradients.share(directions[:, :count], basis[:, :count])
                for directions, basis in zip(update[::2], pair, strict=True)
            ]
            for pair, count in zip(bases, counts, strict=True)
        ]
    )


def _allotments(parameters: Parameters, said: np.ndarray) -> list[Allotted]:
    """Return LoRA with ranks as each predictor says, and as the first says in reverse.

    A matrix whose own update gains nothing needs no rank, as far as was measured.

    Args:
        parameters: the point.
        said: shape ``(matrix, predictor)``.
    """
    names = parameters.matrix_names()
    shapes = np.array([parameters.shape(name[-1]) for name in names])
    costs, most = shapes.sum(axis=1), shapes.min(axis=1)
    budget = int(parameters.run_list()[2].rank * costs.sum())
    rows = {name: np.nan_to_num(said[:, SAID.index(name)]) for name in ALLOTTED}
    rows[REVERSED] = reversed_order(rows[SOURCES[0]])
    return [
        Allotted(
            name=name, method="lora", rank=0, targets=parameters.targets,
            ranks=tuple(zip(names, allot(row, costs, most, budget).tolist(), strict=True)),
        )
        for name, row in rows.items()
    ]  # fmt: skip


def _cut_losses(data: Data, tuned: Trained, svds: Mapping[str, Svd]) -> np.ndarray:
    """Return the test loss with one update cut, the others whole, shape ``(matrix, kept)``.

    The tuned weights are the base, from which what is cut off is taken: only what follows the
    matrix is then computed once for each cut.
    """
    base = {**data.network.base}
    for name, update in tuned.updates.items():
        base[name] = base[name] + update.dense()
    moved = dataclasses.replace(data, network=dataclasses.replace(data.network, base=base))
    losses = np.empty((len(svds), len(KEPT) + 1))
    for row, (name, (left, values, right)) in enumerate(svds.items()):
        off = [(left[:, kept:] * values[kept:]) @ right[:, kept:].T for kept in KEPT]
        models = [
            Model({name: Update(-torch.as_tensor(one).to(base[name]))}, tuned.head)
            for one in [*off, np.zeros_like(off[0])]
        ]
        losses[row] = training.evaluate(models, data.test, moved).loss
    return losses


def _coordinates(parameters: Parameters) -> dict[str, xr.Variable]:
    entries = {
        "predictor": (list(SAID), "what says the rank"),
        "matrix": (list(parameters.matrix_names()), "layer (from 0) and target of a matrix"),
        "kept": ([*map(str, KEPT), "all"], "directions kept of one update"),
        "index": (np.arange(1, SHOWN + 1), "index, from the largest"),
        "source": (list(SOURCES), "what at the start has directions"),
        "side": (list(SIDES), "outputs or inputs of a matrix"),
        "run": ([run.name for run in parameters.run_list()], "run that has rates of its own"),
        "arm": (list(parameters.arms()), "what is trained"),
        "allotment": ([*ALLOTTED, REVERSED], "by what ranks are allotted"),
        "text": (np.arange(parameters.tested_texts), "test text"),
    }
    return {name: variable(name, values, text) for name, (values, text) in entries.items()}
