import numpy as np
import pytest

from rankscope import datasets
from rankscope.planning import parameters
from rankscope.jobs.streams import streams
from rankscope.studies.eigenspace_alignment import parameters as study
from rankscope.studies.eigenspace_alignment import simulation_xor
from rankscope.studies.eigenspace_alignment.simulation import simulate
from rankscope.studies.eigenspace_alignment.theory import predict

MIXTURE = {
    "model": "mixture",
    "classes": 3,
    "dimension": 40,
    "snr": 50.0,
    "samples_per_dimension": 3.0,
    "ridge": 0.05,
    "step_scale": 1.0,
    "duration": 4.0,
    "checkpoints": 3,
}
XOR = MIXTURE | {"model": "xor", "classes": 2, "width": 4, "activation": "relu"}
PLANTED = {"start": "planted", "groups": 4}
KINDS = [
    (MIXTURE, {}),
    (MIXTURE, {"matrices": "full", "samples_per_dimension": 0.8}),
    (MIXTURE, {"matrices": "none", "runs": 3, "means": "random"}),
    (MIXTURE, {"samples": "train"}),
    (MIXTURE, {"update": "bulk"}),
    (MIXTURE, {"duration": 0.0, "checkpoints": 1, "start": "zero"}),
    (XOR, {"width": 6}),
    (XOR, {"activation": "softplus", **PLANTED}),
    (XOR, {"matrices": "none", "runs": 3}),
]


def build(base, **changes):
    return parameters.build(study.Parameters, base | changes, "here")


def run(base, replicates=2, **changes):
    point = build(base, **changes)
    return simulate(point, streams(0, "eigenspace_alignment", point, 0, replicates))


@pytest.mark.parametrize(("base", "changes"), KINDS)
def test_replicates_do_not_depend_on_their_batch_to_the_last_bit(base, changes):
    point = build(base, **changes)
    given = streams(0, "eigenspace_alignment", point, 0, 3)
    together = simulate(point, given)
    assert together.identical(
        datasets.join([simulate(point, given[:1]), simulate(point, given[1:])])
    )


@pytest.mark.parametrize(("base", "changes"), KINDS)
def test_measurements_match_predictions_in_dimensions_and_have_converged(base, changes):
    found, theory = run(base, 1, **changes), predict(build(base, **changes))
    for name in ("converged", "converged_first"):
        if name in found:
            assert found[name].values.all()
    for name in ("alignment", "alignment_two", "smallest_cosine", "weights_in_means"):
        if name in found:
            values = found[name].values[np.isfinite(found[name].values)]
            assert np.all((values >= 0) & (values <= 1 + 1e-9))
    for name in set(found.variables) & set(theory.variables):
        extra = set(found[name].dims) - set(theory[name].dims)
        assert set(theory[name].dims) <= set(found[name].dims)
        assert extra <= {"replicate", "run", "source"}
        for dim in theory[name].dims:
            assert found.sizes[dim] == theory.sizes[dim]


def test_sgd_follows_the_effective_dynamics():
    point = build(MIXTURE, dimension=400, matrices="none", runs=20, samples_per_dimension=0.1)
    found = simulate(point, streams(0, "eigenspace_alignment", point, 0, 2))
    theory = predict(point)
    mean = found.mean_overlap.mean(("replicate", "run"))
    assert np.abs(mean - theory.mean_overlap).max() < 0.03
    squared = found.weight_gram.mean(("replicate", "run"))
    assert np.abs(squared - theory.weight_gram).max() < 0.06


def test_chain_and_direct_training_measure_the_same_within_their_scatter():
    chain = run(MIXTURE, 6, snr=20.0).isel(checkpoint=-1)
    direct = run(MIXTURE, 6, snr=20.0, samples="train").isel(checkpoint=-1, source=[0])
    for name in ("alignment", "mean_overlap", "loss"):
        one, other = chain[name], direct[name]
        dims = [dim for dim in one.dims if dim != "replicate"]
        one, other = one.mean(dims).values, other.mean(dims).values
        error = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 6)
        assert abs(one.mean() - other.mean()) < 5 * error + 1e-3


def test_more_networks_in_a_replicate_differ_from_each_other():
    found = run(XOR, 1, matrices="none", runs=3).second_layer.isel(checkpoint=-1)
    assert len(np.unique(found.values)) == found.size


def test_cells_are_named_by_the_sign_of_the_output_and_of_the_overlap():
    first = np.array([[1.0, 0.3], [-1.0, 0.3], [0.2, 1.0], [0.2, -1.0], [1e-3, 1e-3]])
    second = np.array([1.0, 1.0, -1.0, -1.0, 1.0])
    alive, cell = simulation_xor.cells(first, second)
    np.testing.assert_array_equal(alive, [True, True, True, True, False])
    assert len(set(cell[:4])) == 4


def test_a_dead_neuron_is_flagged_and_not_counted_among_the_cells():
    found = run(XOR, 2, width=12, duration=60.0, dimension=60, ridge=0.1)
    last = found.isel(checkpoint=-1, run=0)
    length = np.linalg.norm(last.first_layer, axis=-1)
    flagged = last.alive.values == 0
    assert flagged.any()
    assert np.all((length < 0.1 * length.max(axis=1, keepdims=True)) == flagged)
    assert np.all(last.groups_found.values <= 4)
