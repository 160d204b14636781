import numpy as np
import pytest
import xarray as xr

from rankscope.evidence import results, verdicts
from rankscope.jobs.streams import streams
from rankscope.planning import parameters
from rankscope.studies.eigenspace_alignment import points
from rankscope.studies.eigenspace_alignment.mixture import selection
from rankscope.studies.eigenspace_alignment.mixture.claims import dynamics, spectra
from rankscope.studies.eigenspace_alignment.mixture.parameters import Parameters
from rankscope.studies.eigenspace_alignment.mixture.simulation import simulate
from rankscope.studies.eigenspace_alignment.mixture.theory import predict

STUDY = "eigenspace_alignment/mixture"
POINT = {
    "classes": 2,
    "dimension": 200,
    "snr": 1000.0,
    "samples_per_dimension": 0.5,
    "ridge": 0.05,
    "step_scale": 1.0,
    "duration": 20.0,
    "checkpoints": 4,
    "matrices": "none",
}


def point_of(replicates=4, shift=0.0, **changes):
    """One point; its theory's overlaps are moved by ``shift``."""
    point = parameters.build(Parameters, POINT | changes, "here")
    theory = predict(point)
    if shift:
        theory = theory.assign(mean_overlap=theory.mean_overlap + shift)
    data = simulate(point, streams(0, STUDY, point, 0, replicates))
    return results.of({"here": (parameters.as_dict(point), data, theory)})


@pytest.fixture(scope="module")
def blocks():
    return point_of(matrices="blocks", dimension=60, samples_per_dimension=4.0, duration=4.0)


def test_what_sgd_does_supports_its_theory_and_a_wrong_theory_is_contradicted():
    for shift, verdict in ((0.0, "supported"), (2.0, "contradicted")):
        samples = dynamics.effective_dynamics.samples(point_of(shift=shift))
        table = verdicts.judge(dynamics.effective_dynamics, {"": samples}, 0.95)
        assert set(table.verdict) == {verdict}


def test_outliers_count_above_the_edge_with_a_slack_that_falls_with_the_dimension():
    assert points.clear_of_edge(xr.DataArray(2.0), 1000).item() == pytest.approx(2 * 1.03)


def test_the_measured_edge_decides_what_is_measured_and_the_predicted_one_what_is_predicted(blocks):
    (point,) = blocks
    found, expected = selection.outliers(point)
    assert (found == 2).all()
    assert (expected == 2).all()
    raised = point.measured.assign(edge=point.measured.edge * 1e6)
    point = results.Point("here", point.parameters, {"simulated": raised}.get)
    object.__setattr__(point, "predicted", next(iter(blocks)).predicted)
    found, expected = selection.outliers(point)
    assert (found == 0).all()
    assert (expected == 2).all()


def test_a_replicate_with_an_eigenpair_that_did_not_converge_says_nothing(blocks):
    (point,) = blocks
    converged = point.measured.converged.copy()
    converged[1, 2, 0, 1] = 0
    data = point.measured.assign(converged=converged)
    found = points.certain(results.Point("here", {}, lambda _: data), "alignment")
    np.testing.assert_array_equal(
        found.isnull().any(("checkpoint", "matrix", "label")), [0, 1, 0, 0]
    )
    np.testing.assert_array_equal(
        found.isnull().all(("checkpoint", "matrix", "label")), [0, 1, 0, 0]
    )


def test_outliers_that_sink_are_timed_on_replicates_whose_eigenpairs_converged():
    dims = ("checkpoint", "label", "matrix")
    time = np.geomspace(0.5, 64, 8) - 0.5
    edge = xr.DataArray(np.ones((8, 2, 2)), dims=dims, coords={"matrix": ["hessian", "g"]})
    height = xr.DataArray(2 * (time + 0.5) ** -0.25, dims="checkpoint")
    theory = xr.Dataset({"edge": edge, "eigenvalues": (edge * height).expand_dims(eigenvalue=3)})
    theory = theory.assign(training_time=("checkpoint", time))
    noise = xr.DataArray(1 + 0.01 * np.arange(4), dims="replicate")
    data = (theory.drop_vars("training_time") * noise).transpose("replicate", ...)
    converged = xr.ones_like(data.edge)
    converged[{"replicate": 1, "checkpoint": 2, "label": 0, "matrix": 1}] = 0
    values = {"classes": 2, "checkpoints": 8, "duration": 64.0, "update": "full"}
    values |= {"matrices": "blocks", "means": "orthonormal", "samples": "test"}
    found = results.of({"here": (values, data.assign(converged=converged), theory)})
    timed = spectra.sinking.samples(found)
    assert [one.estimate.missing for one in timed] == [1, 1]
    assert all(one.estimate.value == pytest.approx(1) for one in timed)


def test_squared_lengths_are_the_diagonal_of_the_gram_matrix():
    gram = xr.DataArray([[1.0, 5.0], [5.0, 2.0]], dims=("label", "other"))
    np.testing.assert_array_equal(selection.lengths(gram), [1.0, 2.0])


def test_a_burn_in_in_steps_would_be_late_at_small_dimensions():
    (point,) = point_of(replicates=1, checkpoints=6)
    assert dynamics._by_steps(point, 10.0, 200) == 0
    assert dynamics._by_steps(point, 10.0, 20) < -0.1


@pytest.mark.parametrize(("snr", "near"), [(1.0, False), (5.0, True), (20.0, True), (40.0, False)])
def test_a_threshold_is_near_within_a_factor(snr, near):
    assert spectra.near(snr, np.array([4.0, 20.5])) == near


def emerging(snr, time):
    """Return a point whose outlier is to emerge at the time, and does so in three replicates."""
    times = np.array([0.0, *np.geomspace(0.5, 64, 9)])
    level = selection.EMERGED * (times.clip(min=0.1) / time) ** 0.1
    height = xr.DataArray(level, dims="checkpoint")
    theory = xr.Dataset({"first_eigenvalue": height, "first_edge": xr.ones_like(height)})
    data = theory * xr.DataArray(1 + 0.001 * np.arange(-1, 2), dims="replicate")
    data["first_edge"] = xr.ones_like(data.first_edge)
    threshold = xr.DataArray(
        [[9.0]], dims=("matrix", "direction"), coords={"matrix": ["hessian"], "direction": ["own"]}
    )
    theory = theory.assign(start_threshold=threshold, training_time=("checkpoint", times))
    values = {"classes": 2, "dimension": 1000, "duration": 64.0, "update": "full", "snr": snr}
    values |= {"matrices": "first", "start": "zero"}
    return values, data.transpose("replicate", ...), theory


def test_emergence_is_timed_by_the_mean_height_and_its_exponent_by_the_times():
    points = {f"at {snr}": emerging(snr, 90.0 * snr**-2) for snr in (3.0, 4.0, 5.0)}
    found = results.of(points)
    timed = list(spectra.emergence.samples(found))
    assert [one.estimate.value for one in timed] == pytest.approx([1.0] * 3, rel=0.01)
    (fitted,) = spectra.emergence_slope.samples(found)
    assert fitted.estimate.value == pytest.approx(1.0, rel=0.01)
    assert not list(spectra.no_emergence.samples(found))


def test_a_point_above_the_threshold_of_the_start_has_nothing_to_emerge():
    assert not list(spectra.emergence.samples(results.of({"here": emerging(9.5, 4.0)})))


def test_an_outlier_that_is_there_at_the_start_does_not_emerge():
    times = np.array([0.0, 1.0, 2.0, 4.0])
    assert np.isnan(selection.emerged(times, np.full(4, 1.2)))
    assert np.isnan(selection.emerged(times, np.full(4, 1.02)))
    assert selection.emerged(times, np.array([1.0, 1.0, 1.0, 1.1])) == pytest.approx(2.84, abs=0.02)
