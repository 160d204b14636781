"""The theory's formulas against quadrature, Monte Carlo, limits and exact cases."""

import numpy as np
import pytest
from scipy import stats

from rankscope.studies.effective_dimension import theory
from rankscope.studies.effective_dimension.parameters import Parameters
from rankscope.studies.effective_dimension.theory import (
    angles,
    chain,
    fluctuations,
    inputs,
    kernel,
    paper,
    units,
)

SLOPES = (0.0, 0.5, 0.9, -0.5, -1.0)


GRID = np.linspace(-8.0, 8.0, 1201)
WEIGHT = stats.norm.pdf(GRID) / stats.norm.pdf(GRID).sum()


def activation(value, slope):
    return np.maximum(value, slope * value)


def pair_mean(function, cosine):
    """Expectation of a function of two unit normals of this correlation, on a square grid."""
    second = cosine * GRID[:, None] + np.sqrt(1 - cosine**2) * GRID
    return WEIGHT @ function(GRID[:, None], second) @ WEIGHT


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("cosine", [-0.4, 0.0, 0.3, 0.8])
def test_the_correlation_map_is_the_normalised_kernel_of_the_activation(slope, cosine):
    mean = pair_mean(lambda x, y: activation(x, slope) * activation(y, slope), cosine)
    expected = mean / (WEIGHT @ activation(GRID, slope) ** 2)
    assert kernel.correlation_map(cosine, slope) == pytest.approx(expected, abs=1e-4)


def test_the_correlation_map_has_its_known_values():
    assert kernel.correlation_map(0.0, 0.0) == pytest.approx(1 / np.pi)
    assert kernel.correlation_map(0.0, -1.0) == pytest.approx(2 / np.pi)
    assert kernel.correlation_map(0.3, 1.0) == pytest.approx(0.3)
    assert kernel.correlation_map(1.0, 0.5) == pytest.approx(1.0)
    assert kernel.correlation_map(-1.0, -1.0) == pytest.approx(1.0)


@pytest.mark.parametrize("slope", SLOPES)
def test_the_derivative_of_the_correlation_map_is_its_finite_difference(slope):
    step = 1e-6
    for c in (-0.5, 0.0, 0.6, 0.95):
        difference = kernel.correlation_map(c + step, slope) - kernel.correlation_map(
            c - step, slope
        )
        assert kernel.correlation_slope(c, slope) == pytest.approx(
            difference / (2 * step), rel=1e-6
        )


def test_with_bias_features_have_the_kernel_of_shifted_preactivations():
    found = kernel.recursion(0.2, 3, 0.0, 0.6)
    covariance, square = 0.2, 1.0
    for layer in range(3):
        variance, shared = 2 * square + 0.6, 2 * covariance + 0.6
        correlation = shared / variance
        square = variance / 2
        covariance = square * kernel.correlation_map(correlation, 0.0)
        assert found.before[layer] == pytest.approx(correlation)
        assert found.after[layer] == pytest.approx(covariance / square)
        assert found.mean_square[layer] == pytest.approx(square)


def test_the_recursion_of_a_matrix_is_that_of_its_entries():
    matrix = np.array([[1.0, -0.2], [-0.2, 1.0]])
    found = kernel.recursion(matrix, 4, 0.0, 0.0).after
    alone = kernel.recursion(-0.2, 4, 0.0, 0.0).after
    np.testing.assert_allclose(found[:, 0, 1], alone)
    np.testing.assert_allclose(found[:, 0, 0], 1.0)


def test_the_asymptotes_approach_the_recursion_and_the_refined_one_is_closer():
    layers = np.arange(1, 5001)
    exact = 1 - kernel.recursion(0.0, 5000, 0.0, 0.0).after
    leading = (1 - kernel.cosine_asymptote(layers, 0.0, 0.0)) / exact
    refined = (1 - kernel.cosine_refined_asymptote(layers)) / exact
    assert leading[4999] == pytest.approx(1.0, abs=0.01)
    assert refined[99] == pytest.approx(1.0, abs=0.005)
    assert leading[49] > 1.4


@pytest.mark.parametrize(("slope", "bias"), [(0.5, 0.0), (-1.0, 0.0), (0.0, 0.4)])
def test_the_leading_asymptote_holds_for_slopes_and_biases(slope, bias):
    depth = 20000
    exact = 1 - kernel.recursion(0.0, depth, slope, bias).after[-1]
    found = 1 - kernel.cosine_asymptote(np.array([depth]), slope, bias)[0]
    assert found / exact == pytest.approx(1.0, abs=0.05)


def test_the_two_eigenvalues_are_those_of_an_equicorrelated_matrix():
    matrix = np.full((7, 7), 0.3) + 0.7 * np.eye(7)
    found = kernel.equicorrelated_eigenvalues(7, np.array([0.3]))[0]
    np.testing.assert_allclose(found, np.linalg.eigvalsh(matrix)[::-1])
    soft = kernel.soft_ranks(found)
    assert soft["stable_rank"] == pytest.approx(7 / (1 + 6 * 0.3))
    assert soft["participation_ratio"] == pytest.approx(7 / (1 + 6 * 0.09))
    assert kernel.centred_participation_ratio(matrix[None])[0] == pytest.approx(6.0)


def test_damping_and_injection_have_their_known_values():
    zero, one = np.array([0.0]), np.array([1 - 1e-6])
    inject = fluctuations.injection
    assert fluctuations.damping(zero, 0.0)[0] == pytest.approx(0.5 / (1 - 1 / np.pi))
    assert inject(zero, 0.0, orthogonal=False)[0] == pytest.approx(1.0)
    assert inject(zero, 0.0, orthogonal=True)[0] == pytest.approx(0.462, abs=5e-4)
    assert inject(one, 0.0, orthogonal=False)[0] == pytest.approx(2.0, abs=0.01)
    assert inject(one, 0.0, orthogonal=True)[0] == pytest.approx(1.0, abs=0.01)
    for c in (zero, np.array([0.4])):
        assert inject(c, 1.0, orthogonal=False)[0] == pytest.approx(1.0)
        assert inject(c, 1.0, orthogonal=True)[0] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("slope", [0.0, -0.5])
def test_injection_is_the_spread_of_conditional_variances(slope):
    c = 0.6
    value = activation(np.sqrt(c) * GRID[:, None] + np.sqrt(1 - c) * GRID, slope)
    variance = value**2 @ WEIGHT - (value @ WEIGHT) ** 2
    expected = (WEIGHT @ variance**2) / (WEIGHT @ variance) ** 2
    found = fluctuations.injection(np.array([c]), slope, orthogonal=False)[0]
    assert found == pytest.approx(expected, rel=1e-3)


def test_the_fluctuation_is_two_thirds_of_depth_over_width_in_deep_networks():
    cosine = kernel.recursion(0.0, 1500, 0.0, 0.0).before
    for orthogonal, limit in ((False, 2 / 3), (True, 1 / 3)):
        found = fluctuations.fluctuation(cosine, 10**6, 0.0, orthogonal=orthogonal)
        assert found[-1] * 10**6 / 1500 == pytest.approx(limit, rel=0.05)


def test_the_first_layer_has_the_fluctuation_of_a_wishart_matrix():
    # PR of m - 1 dimensions seen through n random units: 1/PR = 1/(m - 1) + 1/n
    found = fluctuations.fluctuation(np.zeros(1), 128, 0.0, orthogonal=False)
    assert found[0] == pytest.approx(1 / 128)


@pytest.mark.parametrize("angle", [0.3, 1.0, np.pi / 2, 2.5])
def test_the_moments_of_two_rectified_normals_are_their_integrals(angle):
    cosine = np.cos(angle)
    for power, other, found in (
        (2, 2, fluctuations.squares_moment(angle)),
        (3, 1, angles.cubic_moment(angle)),
    ):
        expected = pair_mean(
            lambda x, y, a=power, b=other: np.maximum(x, 0) ** a * np.maximum(y, 0) ** b, cosine
        )
        assert found == pytest.approx(expected, abs=1e-4)


def test_pair_angles_tend_to_the_correlation_map_at_large_width():
    cosine = kernel.recursion(0.0, 10, 0.0, 0.0).after
    found = angles.log_squared_sine(10, 10**7)
    np.testing.assert_allclose(found, np.log(1 - cosine**2), atol=1e-5)


def test_the_first_step_of_a_pair_angle_is_that_of_drawn_layers():
    rng = np.random.default_rng(0)
    width, networks = 64, 20000
    features = np.maximum(rng.standard_normal((networks, 2, width)), 0)
    inner = np.einsum("rw,rw->r", features[:, 0], features[:, 1])
    squares = (features**2).sum(axis=2)
    sample = np.log(1 - inner**2 / (squares[:, 0] * squares[:, 1]))
    error = sample.std() / np.sqrt(networks)
    # four standard errors, and the next order of the expansion
    assert abs(sample.mean() - angles.log_squared_sine(1, width)[0]) < 4 * error + 1 / 64**2


def test_the_variance_of_a_log_norm_is_that_of_drawn_layers():
    rng = np.random.default_rng(1)
    for slope in (0.0, -1.0, 0.5):
        value = activation(rng.standard_normal((20000, 100)), slope)
        sample = np.log((value**2).mean(axis=1))
        expected = angles.log_norm_variance(np.array([1]), 100, slope)[0]
        # the variance of a variance is about 2 / networks; next order 1/n
        assert sample.var() == pytest.approx(expected, rel=0.08)


def test_lyapunov_exponents_are_those_of_one_normal_and_descend():
    assert angles.lyapunov_exponents(1, 1)[0] == pytest.approx(-(np.euler_gamma + np.log(2)) / 2)
    assert np.all(np.diff(angles.lyapunov_exponents(8, 8)) < 0)


def test_dead_units_are_rare_coin_flips_on_orthonormal_inputs_and_half_at_depth():
    assert units.dead_probability(5, np.zeros(1))[0] == pytest.approx(2.0**-5)
    assert units.dead_probability(5, np.array([1 - 1e-9]))[0] == pytest.approx(0.5, abs=1e-3)
    assert units.dead_probability(1, np.array([0.7]))[0] == pytest.approx(0.5)


def test_dead_units_are_those_of_drawn_equicorrelated_batches():
    rng = np.random.default_rng(2)
    draws = 200_000
    values = np.sqrt(0.6) * rng.standard_normal((draws, 1))
    values = values + np.sqrt(0.4) * rng.standard_normal((draws, 6))
    share = (values < 0).all(axis=1).mean()
    found = units.dead_probability(6, np.array([0.6]))[0]
    assert abs(share - found) < 4 * np.sqrt(found / draws)


def test_expected_exact_rank_averages_over_the_number_of_dead_units():
    found = units.expected_exact_rank(3, 4, np.array([0.0, 0.5, 1.0]))
    outcomes = [bin(state).count("1") for state in range(16)]
    np.testing.assert_allclose(found, [3, np.mean([min(3, live) for live in outcomes]), 0])


def run_chain(width, depth=12, size=10, slope=0.0, chains=64):
    cosines = kernel.recursion(0.0, depth, slope, 0.0)
    kappa = fluctuations.injection(cosines.before, slope, orthogonal=False)
    keep = fluctuations.damping(cosines.before, slope)
    return cosines.after, chain.eigenvalues(size, width, cosines.after, keep, kappa, chains)


def test_the_chain_keeps_the_trace_and_flattens_at_large_width():
    after, values = run_chain(10**8)
    np.testing.assert_allclose(values.sum(axis=2), 10.0)
    np.testing.assert_allclose(
        values.mean(axis=0), kernel.equicorrelated_eigenvalues(10, after), rtol=2e-3
    )


def test_the_chain_of_a_linear_network_has_the_known_participation_ratio():
    _, values = run_chain(400, slope=1.0, chains=400)
    bulk = np.sort(values, axis=2)
    inverse = (bulk**2).sum(axis=2) / bulk.sum(axis=2) ** 2
    expected = 1 / angles.linear_participation_ratio(10, 400, np.arange(1, 13))
    # one of the ten directions is held fixed by the chain, a relative error of at most l/n
    np.testing.assert_allclose(inverse.mean(axis=0), expected, rtol=0.03)


def test_the_chain_agrees_with_the_fluctuation_recursion():
    _, values = run_chain(1000, size=41, chains=100)
    bulk = values[:, :, 1:]
    inverse = ((bulk**2).sum(axis=2) / bulk.sum(axis=2) ** 2).mean(axis=0)
    before = kernel.recursion(0.0, 12, 0.0, 0.0).before
    added = fluctuations.fluctuation(before, 1000, 0.0, orthogonal=False)
    # the recursion is leading order in 1/m as well: a fortieth of V
    np.testing.assert_allclose(inverse - 1 / 40, added, rtol=0.06)


def test_the_chain_stops_where_a_wishart_matrix_would_be_singular():
    _, values = run_chain(13)
    assert np.isfinite(values[:, 0]).all()
    assert np.isnan(values[:, -1]).all()


def test_the_abstracts_height_is_its_closed_form_at_the_first_revival_depth():
    depths = paper.revival_depths()
    np.testing.assert_allclose(depths, [1.5517, 4.6551, 7.7585, 10.8619], atol=2e-4)
    assert paper.revival_height(64) == pytest.approx(float(paper.expected_rank(64, depths[0])))
    assert paper.expected_rank(1, np.arange(1, 4)) == pytest.approx(
        [0.6366, 0.8680, 0.9520], abs=1e-4
    )


def test_a_hump_is_found_between_layers_and_none_where_rank_only_falls():
    layers = np.arange(1, 41)
    inverse = 1 + 0.1 * (np.log(layers) - np.log(7.3)) ** 2
    assert fluctuations.hump_depth(inverse) == pytest.approx(7.3, rel=1e-6)
    assert fluctuations.hump_depth(layers.astype(float)) == 1


def test_the_hump_deepens_with_width():
    depths = [
        float(
            theory.predict(
                Parameters(width=n, batch_size=32, geometry="sphere", input_dimension=6, depth=40)
            ).hump_depth
        )
        for n in (64, 256, 1024)
    ]
    assert depths == sorted(depths)
    assert depths[0] < depths[2] / 2


def test_a_prediction_is_the_same_each_time_and_has_no_replicates():
    parameters = Parameters(width=40, batch_size=8, depth=5)
    first, second = theory.predict(parameters), theory.predict(parameters)
    assert first.identical(second)
    assert "replicate" not in first.dims
    assert np.isfinite(first["chain_effective_rank"]).all()


def test_orthonormal_inputs_are_a_geometry_like_any_other():
    found = inputs.cosine_matrices(Parameters(width=4, batch_size=3))
    np.testing.assert_array_equal(found, np.broadcast_to(np.eye(3), found.shape))


def test_the_infinite_width_sine_of_a_pair_is_that_of_the_iterated_kernel():
    found = theory.predict(Parameters(width=40, batch_size=4, depth=6))
    cosine, expected = 0.0, []
    for _ in range(6):
        cosine = float(kernel.correlation_map(cosine, 0.0))
        expected.append(np.log(1 - cosine**2))
    np.testing.assert_allclose(found.log_squared_sine_infinite_width, expected, rtol=1e-9)


def test_lyapunov_exponents_are_mean_logarithms_of_the_diagonal_of_a_gaussian_matrix():
    generator = np.random.default_rng(8)
    matrices = generator.standard_normal((4000, 5, 5)) / np.sqrt(5)
    logarithms = np.log(np.abs(np.einsum("nii->ni", np.linalg.qr(matrices, mode="r"))))
    error = logarithms.std(axis=0) / np.sqrt(len(matrices))
    assert np.all(np.abs(logarithms.mean(axis=0) - angles.lyapunov_exponents(5, 5)) < 4.5 * error)
