"""Simulations of the two models that SGD trains: the mixture and the XOR problem."""

import numpy as np
import pytest

from rankscope import datasets
from rankscope.jobs.streams import streams
from rankscope.planning import parameters, study
from rankscope.studies.eigenspace_alignment import measurement
from rankscope.studies.eigenspace_alignment.xor.simulation import CELL_SIGNS, CELLS, cells

POINT = {
    "dimension": 40,
    "snr": 50.0,
    "samples_per_dimension": 3.0,
    "ridge": 0.05,
    "step_scale": 1.0,
    "duration": 4.0,
    "checkpoints": 3,
}
OWN = {"mixture": {"classes": 3}, "xor": {"width": 4, "activation": "relu"}}
KINDS = [
    ("mixture", {}),
    ("mixture", {"matrices": "full", "samples_per_dimension": 0.8}),
    ("mixture", {"matrices": "none", "runs": 3, "means": "random"}),
    ("mixture", {"matrices": "first", "start": "zero"}),
    ("mixture", {"samples": "train"}),
    ("mixture", {"update": "bulk"}),
    ("mixture", {"duration": 0.0, "checkpoints": 1, "start": "zero"}),
    ("xor", {"width": 6}),
    ("xor", {"activation": "softplus", "planted_cells": 4}),
    ("xor", {"matrices": "none", "runs": 3}),
]


def part(model, name):
    return study.part(f"eigenspace_alignment/{model}", name)


def build(model, **changes):
    values = POINT | OWN[model] | changes
    return parameters.build(part(model, "parameters").Parameters, values, "here")


def simulate(model, point, given):
    return part(model, "simulation").simulate(point, given)


def seeds(model, point, count):
    return streams(0, f"eigenspace_alignment/{model}", point, 0, count)


def run(model, replicates, **changes):
    point = build(model, **changes)
    return simulate(model, point, seeds(model, point, replicates))


@pytest.mark.parametrize(("model", "changes"), KINDS)
def test_replicates_do_not_depend_on_their_batch_to_the_last_bit(model, changes):
    point = build(model, **changes)
    given = seeds(model, point, 3)
    together = simulate(model, point, given)
    assert together.identical(
        datasets.join([simulate(model, point, batch) for batch in (given[:1], given[1:])])
    )


@pytest.mark.parametrize(("model", "changes"), KINDS)
def test_measurements_match_predictions_in_dimensions_and_have_converged(model, changes):
    found, theory = run(model, 1, **changes), part(model, "theory").predict(build(model, **changes))
    for name in found.data_vars:
        if "converged" in name:
            assert found[name].values.all()
        if any(word in name for word in ("alignment", "smallest_cosine", "weights_in")):
            values = found[name].values[np.isfinite(found[name].values)]
            assert np.all((values >= 0) & (values <= 1 + 1e-9))
    for name in set(found.variables) & set(theory.variables):
        extra = set(found[name].dims) - set(theory[name].dims)
        assert set(theory[name].dims) <= set(found[name].dims)
        assert extra <= {"replicate", "run"}
        for dim in theory[name].dims:
            assert found.sizes[dim] == theory.sizes[dim]


def test_matrices_from_training_samples_are_there_only_where_they_are_asked_for():
    found = run("mixture", 1, samples="train")
    for name in measurement.BLOCKS:
        assert found[f"training_{name}"].dims == found[name].dims
    assert "training_alignment" not in run("mixture", 1)


def test_sgd_follows_the_effective_dynamics():
    point = build("mixture", dimension=400, matrices="none", runs=20, samples_per_dimension=0.1)
    found = simulate("mixture", point, seeds("mixture", point, 2))
    theory = part("mixture", "theory").predict(point)
    mean = found.mean_overlap.mean(("replicate", "run"))
    assert np.abs(mean - theory.mean_overlap).max() < 0.03
    squared = found.weight_gram.mean(("replicate", "run"))
    assert np.abs(squared - theory.weight_gram).max() < 0.06


def test_chain_and_direct_training_measure_the_same_within_their_scatter():
    chain = run("mixture", 6, snr=20.0).isel(checkpoint=-1)
    direct = run("mixture", 6, snr=20.0, samples="train").isel(checkpoint=-1)
    for name in ("alignment", "mean_overlap", "loss"):
        one, other = chain[name], direct[name]
        dims = [dim for dim in one.dims if dim != "replicate"]
        one, other = one.mean(dims).values, other.mean(dims).values
        error = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 6)
        assert abs(one.mean() - other.mean()) < 5 * error + 1e-3


def test_more_networks_in_a_replicate_differ_from_each_other():
    found = run("xor", 1, matrices="none", runs=3).second_layer.isel(checkpoint=-1)
    assert len(np.unique(found.values)) == found.size


def test_a_planted_start_has_the_cells_that_it_plants():
    found = run("xor", 1, width=8, planted_cells=3).isel(checkpoint=0)
    np.testing.assert_array_equal(found.groups_found, 3)
    # without noise in the first layer, every neuron would be half a unit along its cell
    cell = np.arange(8) % 3
    np.testing.assert_allclose(found.second_layer[0, 0], 0.5 * CELL_SIGNS[cell])
    assert np.abs(found.first_layer[0, 0] - 0.5 * CELLS[cell]).max() < 4 / np.sqrt(40)


def test_cells_are_named_by_the_sign_of_the_output_and_of_the_overlap():
    first = np.array([[1.0, 0.3], [-1.0, 0.3], [0.2, 1.0], [0.2, -1.0], [1e-3, 1e-3]])
    second = np.array([1.0, 1.0, -1.0, -1.0, 1.0])
    alive, cell = cells(first, second)
    np.testing.assert_array_equal(alive, [True, True, True, True, False])
    assert len(set(cell[:4])) == 4


def test_a_dead_neuron_is_flagged_and_not_counted_among_the_cells():
    found = run("xor", 2, width=12, duration=60.0, dimension=60, ridge=0.1)
    last = found.isel(checkpoint=-1, run=0)
    length = np.linalg.norm(last.first_layer, axis=-1)
    flagged = last.alive.values == 0
    assert flagged.any()
    assert np.all((length < 0.1 * length.max(axis=1, keepdims=True)) == flagged)
    assert np.all(last.groups_found.values <= 4)
