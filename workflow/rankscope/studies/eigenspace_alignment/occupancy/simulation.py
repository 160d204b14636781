"""Train many networks, and count the cells that they fill."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import gram_chain, mixtures
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.classifiers import TwoLayer
from rankscope.numerics.summary_sgd import Networks
from rankscope.studies.eigenspace_alignment.occupancy.parameters import FLOW_STEP, Parameters

CHUNK = 4
"""Replicates trained at a time: enough for long arrays, few enough for a cache."""

CELLS = 4
QUARTERS = 4
PAIRS = 1
"""Antithetic pairs of noise per step of the flow, beside each centre."""

ALIVE = 0.1
"""A neuron is dead if its part in the span of the centres is below this share of the largest."""

_LABELS = {
    "living": (("cells",), "share of networks with as many cells that hold a living neuron"),
    "classified": (
        ("cells",),
        "share of networks with as many centres whose output is beyond half of its limit",
    ),
    "dead": ((), "share of neurons that died"),
    "drawn": ((), "share of networks with four cells by the signs of their starts"),
    "chosen": ((), "share of the free neurons with v > 0 that chose the empty cell"),
}


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Train ``runs`` networks per stream, and count at the quarters of the duration."""
    generators = [np.random.Generator(np.random.SFC64(stream)) for stream in streams]
    measured = _train(parameters, generators)
    times = parameters.duration * np.arange(1, QUARTERS + 1) / QUARTERS
    return xr.Dataset(
        {
            name: variable(
                ("replicate", "checkpoint", *own),
                np.stack([[one[name] for one in each] for each in measured], axis=1),
                text,
            )
            for name, (own, text) in _LABELS.items()
            if name in measured[0][0]
        },
        {
            "cells": variable("cells", np.arange(CELLS + 1), "number of cells"),
            "checkpoint": variable("checkpoint", times, "training time"),
        },
    )


def limit(ridge: float) -> float:
    """Return the output at a centre whose cell is filled, without noise."""
    return float(np.log((1 - 4 * ridge) / (4 * ridge)))


def _train(
    p: Parameters, generators: Sequence[np.random.Generator]
) -> list[list[dict[str, np.ndarray]]]:
    """Return what is measured, per quarter of the duration and per replicate."""
    networks, measured = start(p, generators), []
    drawn = [_drawn(p, one) for one in networks.split(len(generators))]
    for _ in range(QUARTERS):
        if p.drive == "flow":
            networks.flow(generators, p.steps, FLOW_STEP, p.ridge, PAIRS)
        else:
            networks.descend(generators, p.steps, p.step_scale / p.dimension, p.ridge)
        now = networks.split(len(generators))
        measured.append([one | _measure(p, each) for one, each in zip(drawn, now, strict=True)])
    return measured


def start(p: Parameters, generators: Sequence[np.random.Generator]) -> Networks:
    """Draw Gaussian starts; where neurons do not interact, each is a network of its own."""
    alone = p.drive == "independent"
    width, count = (1, p.runs * p.width) if alone else (p.width, p.runs)
    mixture = mixtures.xor_mixture(p.snr)
    second = np.concatenate([each.standard_normal((count, width)) for each in generators])
    zero = np.zeros((len(second), width, 2))
    chain = gram_chain.start(mixture, p.dimension, zero, 1.0, second, list(generators))
    weights = np.moveaxis(chain.weights, 0, 2)
    outside = np.einsum("isn,jsn->ijn", weights[:, 2:], weights[:, 2:])
    second, first, free = chain.second.T, weights[:, :2].copy(), np.ones((width, 1))
    if p.drive == "frozen":
        second[0], first[0], outside[0], outside[:, 0], free[0] = 0, 0, 0, 0, 0
        second[0] = first[0, 0] = np.sqrt(limit(p.ridge))
    arrays = (np.ascontiguousarray(array, np.float32) for array in (second, first, outside, free))
    network = TwoLayer(mixture.labels.astype(np.float32), ACTIVATIONS["relu"])
    return Networks(mixture, network, p.dimension, *arrays)


def _drawn(p: Parameters, networks: Networks) -> dict[str, np.ndarray]:
    _, filled = cells(*_by_network(p, networks), alive_from=0.0)
    return {"drawn": filled.all(axis=0).mean()}


def _measure(p: Parameters, networks: Networks) -> dict[str, np.ndarray]:
    if p.drive == "frozen":
        positive = networks.second[1] > 0
        return {"chosen": (networks.first[1, 0] < 0)[positive].mean()}
    first, second = _by_network(p, networks)
    alive, filled = cells(first, second)
    outputs = np.stack([(second * np.maximum(h, 0)).sum(axis=0) for h in (*first, *-first)])
    signs = np.array([[1.0], [-1.0], [1.0], [-1.0]])
    right = signs * outputs > limit(p.ridge) / 2
    return {
        "living": _shares(filled.sum(axis=0)),
        "classified": _shares(right.sum(axis=0)),
        "dead": 1 - alive.mean(),
    }


def _by_network(p: Parameters, networks: Networks) -> tuple[np.ndarray, np.ndarray]:
    """Return overlaps ``(2, K, networks)`` and ``v``; neurons alone are taken ``K`` at a time."""
    first = np.swapaxes(networks.first, 0, 1).reshape(2, -1, p.runs)
    return first, networks.second.reshape(-1, p.runs)


def cells(
    first: np.ndarray, second: np.ndarray, alive_from: float = ALIVE
) -> tuple[np.ndarray, np.ndarray]:
    """Return which neurons live ``(K, networks)``, and which cells hold one ``(4, networks)``.

    A neuron with ``v_i > 0`` is in the cell of the sign of its overlap with ``mu``, one with
    ``v_i < 0`` in that of its overlap with ``nu``.

    Args:
        first: overlaps with ``mu`` and ``nu``, shape ``(2, K, networks)``.
        second: shape ``(K, networks)``.
        alive_from: share of the largest length from which a neuron is alive.
    """
    length = np.hypot(*first)
    alive = length >= alive_from * length.max(axis=0)
    cell = 2 * (second > 0) + (np.where(second > 0, *first) > 0)
    return alive, np.stack([(alive & (cell == one)).any(axis=0) for one in range(CELLS)])


def _shares(counts: np.ndarray) -> np.ndarray:
    return np.bincount(counts, minlength=CELLS + 1) / len(counts)
