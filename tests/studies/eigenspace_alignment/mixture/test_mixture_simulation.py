import numpy as np
import pytest

from rankscope import datasets
from rankscope.jobs.streams import streams
from rankscope.planning import parameters
from rankscope.studies.eigenspace_alignment import measurement
from rankscope.studies.eigenspace_alignment.mixture import parameters as study
from rankscope.studies.eigenspace_alignment.mixture.simulation import simulate
from rankscope.studies.eigenspace_alignment.mixture.theory import predict

STUDY = "eigenspace_alignment/mixture"
POINT = {
    "classes": 3,
    "dimension": 40,
    "snr": 50.0,
    "samples_per_dimension": 3.0,
    "ridge": 0.05,
    "step_scale": 1.0,
    "duration": 4.0,
    "checkpoints": 3,
}
KINDS = [
    {},
    {"matrices": "full", "samples_per_dimension": 0.8},
    {"matrices": "none", "runs": 3, "means": "random"},
    {"samples": "train"},
    {"update": "bulk"},
    {"duration": 0.0, "checkpoints": 1, "start": "zero"},
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


def test_matrices_from_training_samples_are_there_only_where_they_are_asked_for():
    found = run(1, samples="train")
    for name in measurement.BLOCKS:
        assert found[f"training_{name}"].dims == found[name].dims
    assert "training_alignment" not in run(1)


def test_sgd_follows_the_effective_dynamics():
    point = build(dimension=400, matrices="none", runs=20, samples_per_dimension=0.1)
    found = simulate(point, streams(0, STUDY, point, 0, 2))
    theory = predict(point)
    mean = found.mean_overlap.mean(("replicate", "run"))
    assert np.abs(mean - theory.mean_overlap).max() < 0.03
    squared = found.weight_gram.mean(("replicate", "run"))
    assert np.abs(squared - theory.weight_gram).max() < 0.06


def test_chain_and_direct_training_measure_the_same_within_their_scatter():
    chain = run(6, snr=20.0).isel(checkpoint=-1)
    direct = run(6, snr=20.0, samples="train").isel(checkpoint=-1)
    for name in ("alignment", "mean_overlap", "loss"):
        one, other = chain[name], direct[name]
        dims = [dim for dim in one.dims if dim != "replicate"]
        one, other = one.mean(dims).values, other.mean(dims).values
        error = np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 6)
        assert abs(one.mean() - other.mean()) < 5 * error + 1e-3
