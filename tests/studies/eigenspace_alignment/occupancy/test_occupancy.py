import math

import numpy as np
import pytest
import xarray as xr
from scipy import integrate, special

from rankscope.jobs.streams import streams
from rankscope.numerics import mixtures
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.classifiers import TwoLayer
from rankscope.numerics.summary_sgd import Networks
from rankscope.planning import parameters
from rankscope.planning.parameters import ParameterError
from rankscope.studies.eigenspace_alignment.occupancy import parameters as study
from rankscope.studies.eigenspace_alignment.occupancy import simulation, theory
from rankscope.studies.eigenspace_alignment.xor.theory import dynamics

STUDY = "eigenspace_alignment/occupancy"
POINT = {
    "drive": "sgd",
    "width": 4,
    "dimension": 24,
    "snr": 1000.0,
    "ridge": 0.05,
    "step_scale": 1.0,
    "duration": 60.0,
    "runs": 500,
}


def build(**changes):
    return parameters.build(study.Parameters, POINT | changes, "here")


def run(**changes):
    point = build(**changes)
    return simulation.simulate(point, streams(0, STUDY, point, 0, 2))


def test_four_neurons_fill_four_cells_in_three_of_thirty_two_cases():
    assert theory.occupancy(4)[4, 4] == pytest.approx(3 / 32)


@pytest.mark.parametrize("width", [0, 1, 5, 8])
def test_the_law_is_that_of_inclusion_and_exclusion(width):
    law = [
        math.comb(4, r)
        * sum((-1) ** j * math.comb(r, j) * (r - j) ** width for j in range(r + 1))
        / 4**width
        for r in range(5)
    ]
    np.testing.assert_allclose(theory.occupancy(width)[width], law, atol=1e-14)


def test_the_choice_is_one_half_without_noise_and_where_d_is_lambda_a_ratio_of_residuals():
    assert theory.choice(64, 1e12, 0.05) == pytest.approx(0.5, abs=1e-5)
    assert theory.choice(100, 100.0, 0.05) == pytest.approx(0.5 / (0.5 + 4 * 0.05))


@pytest.mark.parametrize(("shift", "cell"), [(1.05, 1), (0.95, -1)])
def test_the_threshold_parts_the_neurons_that_reach_the_two_cells(shift, cell):
    """Integrate the drift of the overlap, its expectations by quadrature, from either side."""
    ridge, snr = 0.05, 100.0
    nodes, weights = np.polynomial.hermite_e.hermegauss(201)
    weights = weights / weights.sum()

    def drift(_, m):
        fires = [weights @ (sign * m[0] * math.sqrt(snr) + nodes > 0) for sign in (1, -1)]
        return [4 * ridge * fires[0] - fires[1] / 2]

    start = shift * theory.threshold(ridge) / math.sqrt(snr)
    # the quadrature resolves the threshold to its spacing
    spacing = np.diff(nodes)[100] / math.sqrt(snr)
    start += cell * spacing
    end = integrate.solve_ivp(drift, (0, 20), [start], max_step=0.05).y[0, -1]
    assert np.sign(end) == cell


def test_the_drift_of_a_free_neuron_is_that_of_samples_beside_a_frozen_one():
    ridge, snr, m, v = 0.05, 1e4, 0.004, 0.7
    generator = np.random.default_rng(0)
    mixture = mixtures.xor_mixture(snr)
    network = TwoLayer(mixture.labels, ACTIVATIONS["relu"])
    length = math.sqrt(simulation.limit(ridge))
    first = np.array([[length, 0.0, 0.0], [m, 0.0, 1.0]])
    components = np.repeat(np.arange(4), 200_000)
    noise = generator.standard_normal((len(components), 3)) / math.sqrt(snr)
    inputs = np.pad(mixture.centres, ((0, 0), (0, 1)))[components] + noise
    slopes, _ = network.slopes(inputs @ first.T, components, np.array([length, v]))
    a = m * math.sqrt(snr)
    formula = v / 4 * (4 * ridge * special.ndtr(a) - special.ndtr(-a) / 2)
    assert -(slopes[:, 1] * inputs[:, 0]).mean() == pytest.approx(formula, abs=1.5e-3)


def test_the_flow_from_a_planted_start_follows_the_effective_dynamics_without_corrector():
    snr, ridge, copies = 50.0, 0.05, 40
    start = dynamics.planted(4, 4)
    mixture = mixtures.xor_mixture(snr)
    ours = Networks(
        mixture,
        TwoLayer(mixture.labels, ACTIVATIONS["relu"]),
        100,
        *(
            np.repeat(array[..., None], copies, axis=-1).astype(float)
            for array in (start.second, start.first, start.outside)
        ),
        np.ones((4, 1)),
    )
    ours.flow([np.random.default_rng(0)], 400, 0.02, ridge, 4)
    end = dynamics.trajectory(start, "relu", snr, ridge, 0.0, np.array([0.0, 8.0]))[-1]
    np.testing.assert_allclose(ours.second.mean(axis=-1), end.second, atol=0.01)
    np.testing.assert_allclose(ours.first.mean(axis=-1), end.first, atol=0.01)
    np.testing.assert_allclose(ours.outside.mean(axis=-1), end.outside, atol=0.01)


def test_neurons_alone_choose_each_cell_as_often_and_live():
    point = build(drive="independent", width=1)
    networks = simulation.start(point, [np.random.Generator(np.random.SFC64(0))])
    networks.descend([np.random.Generator(np.random.SFC64(1))], 4 * point.steps, 1 / 24, 0.05)
    alive, filled = simulation.cells(np.swapaxes(networks.first, 0, 1)[:, :1], networks.second)
    assert alive.all()
    np.testing.assert_allclose(filled.mean(axis=1), 0.25, atol=4 * np.sqrt(0.1875 / 500))


def test_a_dead_neuron_fills_no_cell():
    first = np.array([[[1.0], [0.01]], [[0.0], [1e-3]]])
    alive, filled = simulation.cells(first, np.array([[1.0], [-1.0]]))
    assert alive[:, 0].tolist() == [True, False]
    assert filled.sum() == 1


def test_shares_are_of_all_networks():
    data = run(duration=4.0, runs=50)
    np.testing.assert_allclose(data.living.sum("cells"), 1)
    np.testing.assert_allclose(data.classified.sum("cells"), 1)


@pytest.mark.parametrize("drive", ["sgd", "flow", "independent"])
def test_replicates_trained_together_are_those_trained_alone(drive):
    point = build(drive=drive, duration=4.0, runs=37)
    together, alone = (
        simulation.simulate(point, streams(0, STUDY, point, first, 3)) for first in (0, 2)
    )
    xr.testing.assert_equal(together.isel(replicate=[2]), alone)


def test_a_frozen_neuron_stays():
    point = build(drive="frozen", width=2)
    networks = simulation.start(point, [np.random.Generator(np.random.SFC64(0))])
    before = networks.second[0].copy(), networks.first[0].copy()
    networks.descend([np.random.Generator(np.random.SFC64(1))], 50, 1 / 24, 0.05)
    np.testing.assert_array_equal(networks.second[0], before[0])
    np.testing.assert_array_equal(networks.first[0], before[1])
    assert not networks.outside[0].any()


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"dimension": 21}, "at least 22"), ({"drive": "frozen"}, "2"), ({"step_scale": 60.0}, "2")],
)
def test_a_point_that_cannot_be_is_refused(changes, word):
    with pytest.raises(ParameterError, match=word):
        build(**changes)


def planted(sizes, second_sizes):
    """Networks of four neurons, one in each cell, of these lengths: ``(4, networks)``."""
    directions = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    signs = np.array([1.0, -1.0, 1.0, -1.0])
    mixture = mixtures.xor_mixture(POINT["snr"])
    return Networks(
        mixture,
        TwoLayer(mixture.labels, ACTIVATIONS["relu"]),
        POINT["dimension"],
        signs[:, None] * second_sizes,
        directions[..., None] * np.asarray(sizes)[:, None],
        np.zeros((4, 4, np.shape(sizes)[1])),
        np.ones((4, 1)),
    )


def test_cells_are_filled_by_living_neurons_and_classified_beyond_half_of_the_limit():
    limit = simulation.limit(POINT["ridge"])
    whole, short = math.sqrt(limit), math.sqrt(0.49 * limit)
    sizes = np.array(
        [[whole, short, whole], [whole, short, 1e-3], [whole, short, whole], [0, 0, 0]]
    ).astype(float)
    sizes[3] = whole, short, whole
    found = simulation._measure(build(runs=3), planted(sizes, sizes))
    np.testing.assert_allclose(found["living"], [0, 0, 0, 1 / 3, 2 / 3])
    np.testing.assert_allclose(found["classified"], [1 / 3, 0, 0, 1 / 3, 1 / 3])
    assert found["dead"] == pytest.approx(1 / 12)


def test_free_neurons_that_chose_are_those_of_positive_v_with_a_negative_overlap():
    sizes = np.ones((4, 4))
    networks = planted(sizes, sizes)
    networks.second[1] = 1.0, 1.0, 1.0, -1.0
    networks.first[1, 0] = -0.5, 0.5, 0.5, -0.5
    found = simulation._measure(build(drive="frozen", width=2, runs=4), networks)
    assert found["chosen"] == pytest.approx(1 / 3)
