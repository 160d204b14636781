"""A replicate: what the start says, full fine-tuning cut matrix by matrix, and LoRA allotted."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import torch
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import ranks
from rankscope.studies.language_model.simulation import replicate as language_model
from rankscope.studies.language_model.simulation import training
from rankscope.studies.language_model.simulation.training import Data, Model, Setting, Trained
from rankscope.studies.language_model.simulation.tuning import Search
from rankscope.studies.rank_budget.parameters import (
    ALLOTTED,
    CLASSES,
    KEPT,
    KEPT_SHARE,
    MEASURED,
    NULL_DRAWS,
    PREDICTORS,
    REVERSED,
    SIDES,
    SOURCES,
    Allotted,
    Parameters,
)
from rankscope.studies.rank_budget.simulation import gradients, recording
from rankscope.studies.rank_budget.simulation.allotment import allot, needed_rank, reversed_order
from rankscope.studies.rank_budget.simulation.gradients import Gradients

SHOWN = 48
"""Eigenvalues and singular values that are kept."""

Decomposed = tuple[np.ndarray, np.ndarray, np.ndarray]


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

    def trained(runs: list[Allotted | str], rates: str) -> list[Trained]:
        own = {run.name: run for run in parameters.run_list()}
        body, of_head = language_model.used(parameters, own[rates], found)
        settings = [
            Setting(own[run] if isinstance(run, str) else run, body, of_head, head, adapter)
            for run in runs
        ]
        return training.train(settings, steps, data, parameters)

    alone, full, even, more = (run.name for run in parameters.run_list())
    (start,), (tuned,) = trained([alone], alone), trained([full], full)
    generator = np.random.default_rng(null)
    texts = generator.permutation(np.unique(steps))[: parameters.gradient_texts]
    seen = recording.gradients(data, start.head, texts)
    own = {name: seen[name] for name in parameters.matrix_names()}
    nulls = {
        name: [one.at_random(generator) for _ in range(NULL_DRAWS)] for name, one in own.items()
    }
    edges = {name: _edges(drawn) for name, drawn in nulls.items()}
    starts = {name: _svd(one.mean) for name, one in own.items()}
    counts = {
        name: (_above(one.spectrum[0], edges[name][0]), _above(starts[name][1], edges[name][1]))
        for name, one in own.items()
    }
    svds = {name: _svd(update.cpu().numpy()) for name, update in tuned.updates.items()}
    losses = _cut_losses(data, tuned, svds)
    said = np.array(
        [
            *np.array(list(counts.values()), dtype=float).T,
            [ranks.stable_rank(svd[1]) for svd in starts.values()],
            [_effective_dimension(one.inputs) for one in own.values()],
            [data.classes - 1.0] * len(own),
            [
                needed_rank(np.array([*KEPT, len(svd[1])]), row, KEPT_SHARE)
                for svd, row in zip(svds.values(), losses, strict=True)
            ],
        ]
    )
    allotted = _allotments(parameters, said)
    adapters = trained([even, *allotted], even) + trained([more], more)
    models = [start, tuned, adapters[0], adapters[-1], *adapters[1:-1]]
    tested = training.evaluate(models, data.test, data)
    return xr.Dataset(
        {
            "said_rank": variable(("predictor", "matrix"), said, "rank that is said"),
            "needed_rank": variable(
                "matrix", said[-1], "rank that keeps 90 % of the gain of the matrix's update"
            ),
            "cut_loss": variable(
                ("matrix", "kept"), losses, "cross entropy, one update cut, test texts", "nat"
            ),
            **_spectra(own, starts, edges, svds),
            **_shares(own, nulls, counts, svds),
            "text_loss": variable(("arm", "text"), tested.losses, "cross entropy", "nat"),
            "correct": variable(
                ("arm", "text"), tested.correct.astype(np.float32), "1 if the class is found"
            ),
            "given_rank": variable(
                ("arm", "matrix"), _given(parameters, allotted), "rank given to the matrix"
            ),
            "adapter_parameters": variable(
                "arm", [float(one.size) for one in models], "trained parameters without the head"
            ),
        }
    )


def _svd(matrix: np.ndarray) -> Decomposed:
    left, values, right = np.linalg.svd(matrix.astype(float), full_matrices=False)
    return left, values, right


def _edges(nulls: list[Gradients]) -> tuple[float, float]:
    """Return the largest eigenvalue of G and singular value of the mean gradient of all draws."""
    tops = [(one.spectrum[0][0], np.linalg.norm(one.mean, 2)) for one in nulls]
    return float(max(top[0] for top in tops)), float(max(top[1] for top in tops))


def _above(values: np.ndarray, edge: float) -> int:
    """Count the values above an edge, at least 1: what gains needs a rank."""
    return max(int(np.count_nonzero(values > edge)), 1)


def _effective_dimension(inputs: np.ndarray) -> float:
    """Return the participation ratio of the covariance: without the mean, which is most of it."""
    centred = inputs - inputs.mean(axis=0, dtype=float)
    return float(ranks.participation_ratio(np.linalg.svd(centred, compute_uv=False)))


def _allotments(parameters: Parameters, said: np.ndarray) -> list[Allotted]:
    """Return LoRA with ranks as each predictor says, and as the first says in reverse.

    A matrix whose own update gains nothing needs no rank, as far as was measured.
    """
    names = parameters.matrix_names()
    shapes = np.array([parameters.shape(name[-1]) for name in names])
    costs, most = shapes.sum(axis=1), shapes.min(axis=1)
    budget = int(parameters.run_list()[2].rank * costs.sum())
    rows = {name: np.nan_to_num(said[_names().index(name)]) for name in ALLOTTED}
    rows[REVERSED] = reversed_order(rows[SOURCES[0]])
    return [
        Allotted(
            name=name, method="lora", rank=0, targets=parameters.targets,
            ranks=tuple(zip(names, allot(row, costs, most, budget).tolist(), strict=True)),
        )
        for name, row in rows.items()
    ]  # fmt: skip


def _cut_losses(data: Data, tuned: Trained, svds: Mapping[str, Decomposed]) -> np.ndarray:
    """Return the test loss with one update cut, the others whole, shape ``(matrix, kept)``.

    The tuned weights are the base, from which what is cut off is taken: only what follows the
    matrix is then computed once for each cut.
    """
    base = {**data.network.base}
    for name, update in tuned.updates.items():
        base[name] = base[name] + update
    moved = dataclasses.replace(data, network=dataclasses.replace(data.network, base=base))
    losses = np.empty((len(svds), len(KEPT) + 1))
    for row, (name, (left, values, right)) in enumerate(svds.items()):
        off = [(left[:, kept:] * values[kept:]) @ right[kept:] for kept in KEPT]
        models = [
            Model({name: -torch.as_tensor(one, dtype=torch.float32).to(base[name])}, tuned.head)
            for one in [*off, np.zeros_like(off[0])]
        ]
        losses[row] = training.evaluate(models, data.test, moved).loss
    return losses


def _spectra(
    own: Mapping[str, Gradients],
    starts: Mapping[str, Decomposed],
    edges: Mapping[str, tuple[float, float]],
    svds: Mapping[str, Decomposed],
) -> dict[str, xr.Variable]:
    found = {
        "g_eigenvalue": ([one.spectrum[0] for one in own.values()], "eigenvalue of G"),
        "gradient_value": ([svd[1] for svd in starts.values()], "singular value, mean gradient"),
        "update_value": ([svd[1] for svd in svds.values()], "singular value of the full update"),
    }
    both = np.array(list(edges.values()))
    return {
        name: variable(("matrix", "index"), _first(rows), text)
        for name, (rows, text) in found.items()
    } | {
        "g_edge": variable("matrix", both[:, 0], "largest eigenvalue of G, task null"),
        "gradient_edge": variable("matrix", both[:, 1], "largest singular value, task null"),
    }


def _first(rows: list[np.ndarray]) -> np.ndarray:
    result = np.full((len(rows), SHOWN), np.nan)
    for target, row in zip(result, rows, strict=True):
        target[: len(row)] = row[:SHOWN]
    return result


def _shares(
    own: Mapping[str, Gradients],
    nulls: Mapping[str, list[Gradients]],
    counts: Mapping[str, tuple[int, int]],
    svds: Mapping[str, Decomposed],
) -> dict[str, xr.Variable]:
    """Return shares of the update's leading directions in the start's, and in one null draw's."""
    found = np.empty((2, len(SOURCES), len(own), len(SIDES)))
    for column, (name, one) in enumerate(own.items()):
        left, _, right = svds[name]
        update = {"left": left, "right": right.T}
        for row, gradient in enumerate((one, nulls[name][0])):
            for source, count in enumerate(counts[name]):
                if source == 0:
                    bases = gradient.leading(count)
                else:
                    start = _svd(gradient.mean)
                    bases = {"left": start[0], "right": start[2].T}
                found[row, source, column] = [
                    gradients.shares(update[side][:, :count], bases[side][:, :count])
                    for side in SIDES
                ]
    dims = ("source", "matrix", "side")
    sizes = np.array([counts[name] for name in own], dtype=float).T
    return {
        "share": variable(dims, found[0], "share of the update's directions in the start's"),
        "null_share": variable(dims, found[1], "the same, task null"),
        "outliers": variable(("source", "matrix"), sizes, "directions, of update and start"),
    }


def _given(parameters: Parameters, allotted: list[Allotted]) -> np.ndarray:
    """Return the rank of every arm's matrices, 0 for the head alone, all for full fine-tuning."""
    names = parameters.matrix_names()
    whole = [float(min(parameters.shape(name[-1]))) for name in names]
    runs = parameters.run_list()
    even = [[float(run.rank)] * len(names) for run in runs[2:]]
    rows = [[float(run.rank_of(name)) for name in names] for run in allotted]
    return np.array([[0.0] * len(names), whole, *even, *rows])


def _names() -> list[str]:
    return [*PREDICTORS, CLASSES, MEASURED]


def _coordinates(parameters: Parameters) -> dict[str, xr.Variable]:
    entries = {
        "predictor": (_names(), "what says the rank"),
        "matrix": (list(parameters.matrix_names()), "layer (from 0) and target of a matrix"),
        "kept": ([*map(str, KEPT), "all"], "directions kept of one update"),
        "index": (np.arange(1, SHOWN + 1), "index, from the largest"),
        "source": (list(SOURCES), "what at the start has directions"),
        "side": (list(SIDES), "outputs or inputs of a matrix"),
        "run": ([run.name for run in parameters.run_list()], "run that has rates of its own"),
        "arm": (list(parameters.arms()), "what is trained"),
        "text": (np.arange(parameters.tested_texts), "test text"),
    }
    return {name: variable(name, values, text) for name, (values, text) in entries.items()}
