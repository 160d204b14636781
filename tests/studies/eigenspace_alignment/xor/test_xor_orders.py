"""How the errors of theorems 4.1 and 4.2 fall: laws, exponents, and the times they are for."""

import numpy as np
import pytest
import xarray as xr

from rankscope.errors import ParameterError
from rankscope.evidence import results, verdicts
from rankscope.numerics import mixtures
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.classifiers import TwoLayer
from rankscope.planning import parameters
from rankscope.studies.eigenspace_alignment import measurement
from rankscope.studies.eigenspace_alignment.xor import simulation
from rankscope.studies.eigenspace_alignment.xor.claims import orders
from rankscope.studies.eigenspace_alignment.xor.parameters import Parameters
from rankscope.studies.eigenspace_alignment.xor.selection import NEURONS

POINT = {
    "width": 4,
    "activation": "relu",
    "dimension": 120,
    "snr": 1e5,
    "samples_per_dimension": 20.0,
    "ridge": 0.05,
    "step_scale": 1.0,
    "duration": 400.0,
    "checkpoints": 4,
    "measured_from": 240.0,
}
DIRECTIONS = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
SIGNS = np.array([1.0, -1.0, 1.0, -1.0])


def build(**changes):
    return parameters.build(Parameters, POINT | changes, "here")


def blocks(size=1.0, **changes):
    """First-layer blocks at the classifier without noise, its weights times a size."""
    point = build(**changes)
    length = size * np.sqrt(np.log((1 - 4 * point.ridge) / (4 * point.ridge)))
    generator = np.random.default_rng(0)
    mixture = mixtures.xor_mixture(point.snr)
    components, samples = mixture.sample(generator, point.samples_count, point.dimension)
    network = TwoLayer(mixture.labels, ACTIVATIONS["relu"])
    first = np.pad(length * DIRECTIONS, ((0, 0), (0, 4)))
    return measurement.blocks(
        point, network, first, length * SIGNS, samples, components, 4, generator
    )


def test_measured_times_go_from_zero_and_a_chosen_time_to_the_end():
    times = build().times()
    assert (times[0], times[1], times[-1]) == (0.0, 240.0, 400.0)
    assert times[2] == pytest.approx((240.0 * 400.0) ** 0.5)
    assert build(measured_from=0.0).times()[1] == 400 / 64


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"checkpoints": 2}, "at least 3"), ({"measured_from": 400.0}, "below duration, 400")],
)
def test_times_that_cannot_be_are_refused(changes, message):
    with pytest.raises(ParameterError, match=message):
        build(**changes)


@pytest.mark.parametrize("changes", [{}, {"samples_per_dimension": 80.0}])
def test_cross_terms_are_twice_the_root_of_the_samples(changes):
    point, found = build(**changes), blocks(**changes)
    law = 2 / np.sqrt(point.samples_per_dimension * point.snr)
    # that of one of the two pairs of centres would be a factor 2^(1/2) away or more
    np.testing.assert_allclose(found["outside"].mean(), law, rtol=0.15)


def test_the_tilt_of_the_eigenspace_is_two_over_the_samples():
    found = blocks()
    np.testing.assert_allclose((1 - found["alignment"]).mean(), 2 / (20 * 1e5), rtol=0.2)


def test_the_blocks_of_a_dying_neuron_converge_as_those_of_a_living_one():
    living, dying = blocks(), blocks(size=1e-13)
    assert dying["converged"].all()
    assert (dying["eigenvalues"] > 0).all()
    np.testing.assert_allclose(dying["alignment"], living["alignment"], atol=1e-5)
    np.testing.assert_allclose(dying["outside"], living["outside"], rtol=0.1)


def planted(exponent):
    """Two points of different lambda, whose errors are a power of it."""
    found = {}
    for snr in (100.0, 10000.0):
        error = 0.01 * (snr / 100) ** exponent * np.linspace(0.98, 1.02, 6)
        block = error[:, None, None, None] * np.ones((6, 4, 2, 4))
        neurons = ("replicate", "checkpoint", "run", "neuron")
        data = xr.Dataset(
            {
                "alignment": (("replicate", "checkpoint", "matrix", "neuron"), 1 - block),
                "converged": (("replicate", "checkpoint", "matrix", "neuron"), block > 0),
                "alive": (neurons, np.ones((6, 4, 1, 4))),
                "training_time": ("checkpoint", np.array(build().times())),
            },
            {"matrix": ["hessian", "g"]},
        )
        found[f"{snr:g}"] = (parameters.as_dict(build(snr=snr)), data, xr.Dataset())
    return results.of(found)


@pytest.mark.parametrize(
    ("exponent", "theorem", "derived"),
    [
        (-1.0, "supported", "supported"),
        (-0.7, "supported", "contradicted"),
        (-0.3, "contradicted", "contradicted"),
    ],
)
def test_an_exponent_is_found_and_one_that_is_too_small_contradicts(exponent, theorem, derived):
    data = planted(exponent)
    for claim, verdict in (
        (orders.first_layer_order, theorem),
        (orders.first_layer_exponent, derived),
    ):
        for neurons in NEURONS:
            samples = claim.samples(data, neurons)
            table = verdicts.judge(claim, {neurons.name: samples}, 0.95)
            assert len(table) == 2
            assert set(table.verdict) == {verdict}
            np.testing.assert_allclose(table.estimate, exponent, atol=1e-6)


def test_what_is_measured_of_the_classifier_without_noise_is_known():
    point, mixture = build(snr=1e6), mixtures.xor_mixture(1e6)
    length = np.sqrt(np.log((1 - 4 * point.ridge) / (4 * point.ridge)))
    first = np.pad(length * DIRECTIONS, ((0, 0), (0, 4)))
    first[0, 2] = 0.5
    network = TwoLayer(mixture.labels, ACTIVATIONS["relu"])
    generator = np.random.default_rng(0)
    found = simulation._network(point, network, mixture, first, length * SIGNS, generator)
    assert found["alive"].tolist() == [1, 1, 1, 1]
    assert (found["groups_found"], found["accuracy"]) == (4, 1.0)
    # the four outputs at the centres are independent: four equal outliers hold the second layer
    np.testing.assert_array_equal(found["last_outliers"][:2], [4, 4])
    np.testing.assert_allclose(found["second_in_four"][:2], 1, atol=1e-6)
    assert found["second_in_hidden"] == pytest.approx(1)
    np.testing.assert_allclose(found["first_layer_outside"], [0.25, 0, 0, 0])
    share = length / np.hypot(length, 0.5)
    np.testing.assert_allclose(found["weights_in_centres"], [share, 1, 1, 1])
    # 4 beta and 1 - 4 beta are the probabilities at the fixed point
    assert found["loss"] == pytest.approx(-np.log(1 - 4 * point.ridge), rel=0.01)
