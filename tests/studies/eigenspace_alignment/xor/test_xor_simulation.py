import numpy as np
import pytest

from rankscope import datasets
from rankscope.jobs.streams import streams
from rankscope.planning import parameters
from rankscope.studies.eigenspace_alignment.xor import parameters as study
from rankscope.studies.eigenspace_alignment.xor.simulation import CELL_SIGNS, CELLS, cells, simulate
from rankscope.studies.eigenspace_alignment.xor.theory import predict

STUDY = "eigenspace_alignment/xor"
POINT = {
    "width": 4,
    "activation": "relu",
    "dimension": 40,
    "snr": 50.0,
    "samples_per_dimension": 3.0,
    "ridge": 0.05,
    "step_scale": 1.0,
    "duration": 4.0,
    "checkpoints": 3,
}
KINDS = [
    {"width": 6},
    {"activation": "softplus", "planted_cells": 4},
    {"matrices": "none", "runs": 3},
]


def build(**changes):
    return parameters.build(study.Parameters, POINT | changes, "here")


def run(replicates=2, **changes):
    point = build(**changes)
    return simulate(point, streams(0, STUDY, point, 0, replicates))


@pytest.mark.parametrize("changes", KINDS)
def test_replicates_do_not_depend_on_their_batch_to_the_last_bit(changes):
    point = build(**changes)
    given = streams(0, STUDY, point, 0, 3)
    together = simulate(point, given)
    assert together.identical(
        datasets.join([simulate(point, given[:1]), simulate(point, given[1:])])
    )


@pytest.mark.parametrize("changes", KINDS)
def test_measurements_match_predictions_in_dimensions_and_have_converged(changes):
    found, theory = run(1, **changes), predict(build(**changes))
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


def test_more_networks_in_a_replicate_differ_from_each_other():
    found = run(1, matrices="none", runs=3).second_layer.isel(checkpoint=-1)
    assert len(np.unique(found.values)) == found.size


def test_a_planted_start_has_the_cells_that_it_plants():
    found = run(1, width=8, planted_cells=3).isel(checkpoint=0)
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
    found = run(2, width=12, duration=60.0, dimension=60, ridge=0.1)
    last = found.isel(checkpoint=-1, run=0)
    length = np.linalg.norm(last.first_layer, axis=-1)
    flagged = last.alive.values == 0
    assert flagged.any()
    assert np.all((length < 0.1 * length.max(axis=1, keepdims=True)) == flagged)
    assert np.all(last.groups_found.values <= 4)
