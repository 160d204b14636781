"""The theory of `jacobian_depth` by second routes: enumeration, quadrature, random matrices."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import integrate, stats

from rankscope.numerics import jacobians
from rankscope.studies.jacobian_depth import simulation, theory
from rankscope.studies.jacobian_depth.parameters import Parameters
from rankscope.studies.jacobian_depth.theory import deep, exact, free


def point(**values):
    default = {"activation": "relu", "initialisation": "gaussian", "width": 32, "depth": 64}
    return Parameters(**default | values)


# infinite width


@pytest.mark.parametrize(("gate", "mass"), [(1, 1.0), (2, 0.5)])
@pytest.mark.parametrize("depth", [1, 2, 7])
def test_the_free_density_has_the_moments_of_the_s_transform(gate, mass, depth):
    found = free.spectrum(gate, depth)
    values = np.exp(found.logarithm)
    moments = [found.share.sum(), found.share @ values, found.share @ values**2]
    np.testing.assert_allclose(moments, [mass, 1, 1 + gate * depth], rtol=1e-3)


@pytest.mark.parametrize("depth", [1, 3, 20])
def test_linear_layers_have_the_entropy_of_fuss_and_catalan(depth):
    """Their moments are ratios of gamma functions; the derivative at 1 is a harmonic sum."""
    expected = math.exp(1 - sum(1 / j for j in range(1, depth + 2)))
    assert free.spectrum(1, depth).effective_rank() == pytest.approx(expected, rel=1e-6)
    assert free.spectrum(2, depth).effective_rank() != pytest.approx(expected, rel=0.1)


def test_relu_layers_have_the_spectrum_of_gated_random_matrices():
    generator, size, depth = np.random.default_rng(1), 400, 3
    product = np.eye(size)
    for _ in range(depth):
        gates = generator.permutation(size) < size // 2
        product = gates[:, None] * (generator.standard_normal((size, size)) @ product)
    values = np.linalg.svd(product, compute_uv=False)[: size // 2] ** 2
    levels = np.quantile(values / values.sum() * size, [0.2, 0.5, 0.8])
    found = free.spectrum(2, depth)
    above = np.interp(-np.log(levels), -found.logarithm, np.cumsum(found.share))
    np.testing.assert_allclose(above, [0.4, 0.25, 0.1], atol=0.01)


def test_slopes_of_tanh_are_the_integrals():
    def moment(function):
        return integrate.quad(lambda z: function(math.tanh(0.6 * z)) * stats.norm.pdf(z), -10, 10)[
            0
        ]

    expected = [
        moment(f) for f in (lambda t: (1 - t**2) ** 2, lambda t: (1 - t**2) ** 4, np.square)
    ]
    np.testing.assert_allclose(free.slopes(0.36), expected, rtol=1e-8)


def test_orthogonal_tanh_stops_losing_rank_and_gaussian_does_not():
    orthogonal = free.excess("tanh", 4096, orthogonal=True)
    assert orthogonal[-1] - orthogonal[63] == pytest.approx(2 / 64, rel=0.1)
    gaussian = free.excess("tanh", 4096, orthogonal=False)
    np.testing.assert_allclose(gaussian - orthogonal, np.arange(1, 4097))


# any width


def gaussian_weights(size):
    """Weights and chances that average polynomials of degree 4 exactly (Gauss and Hermite)."""
    nodes, chances = np.polynomial.hermite_e.hermegauss(3)
    grid = np.array(list(itertools.product(range(3), repeat=size**2)))
    drawn = nodes[grid].reshape(-1, size, size)
    return drawn, np.prod(chances[grid] / chances.sum(), axis=1)


def orthogonal_weights(_):
    """Rotations and reflections of the plane by equal angles, which do the same."""
    angles = 2 * np.pi * np.arange(9) / 9
    c, s = np.cos(angles), np.sin(angles)
    turned = np.array([[[a, -b], [b, a]] for a, b in zip(c, s, strict=True)])
    drawn = np.concatenate([turned, turned @ np.diag([1, -1])])
    return drawn, np.full(len(drawn), 1 / len(drawn))


def enumerated(size, gate, depth, weights):
    """``E (tr A)^2 / E tr A^2`` over all weights and gates."""
    drawn, chances = weights(size)
    gates = list(itertools.product((0, 1), repeat=size)) if gate == 2 else [(1,) * size]
    layers = np.concatenate([np.array(one)[:, None] * drawn for one in gates])
    once = np.tile(chances / len(gates), len(gates))
    products, chance = layers, once
    for _ in range(depth - 1):
        products = np.einsum("aij,bjk->abik", layers, products).reshape(-1, size, size)
        chance = np.outer(once, chance).ravel()
    gram = products @ products.transpose(0, 2, 1)
    trace, square = np.trace(gram, axis1=1, axis2=2), (gram**2).sum(axis=(1, 2))
    return chance @ trace**2 / (chance @ square)


@pytest.mark.parametrize(
    ("size", "gate", "depth", "orthogonal"),
    [(2, 1, 1, False), (2, 1, 2, False), (2, 2, 1, False), (2, 2, 2, False), (3, 2, 1, False),
     (2, 2, 1, True), (2, 2, 2, True)],
)  # fmt: skip
def test_the_ratio_of_moments_is_the_average_over_all_networks(size, gate, depth, orthogonal):
    weights = orthogonal_weights if orthogonal else gaussian_weights
    expected = enumerated(size, gate, depth, weights)
    found = exact.annealed_ratio(size, gate, np.array([depth]), orthogonal=orthogonal)
    assert found[0] == pytest.approx(expected, rel=1e-10)
    wrong = exact.annealed_ratio(size, gate, np.array([depth]), orthogonal=not orthogonal)
    assert wrong[0] != pytest.approx(expected, rel=0.01)


def test_wide_networks_start_as_the_free_formula_says():
    layers = np.array([1, 2, 4])
    for gate, orthogonal, kappa in ((1, False, 1), (2, False, 2), (2, True, 1)):
        found = exact.annealed_ratio(10**6, gate, layers, orthogonal=orthogonal)
        np.testing.assert_allclose(found / 10**6, 1 / (1 + kappa * layers), rtol=1e-4)


def test_the_ratio_of_moments_is_right_where_the_moments_overflow():
    layers = np.array([1, 10, 100, 3000])
    found = exact.annealed_ratio(4, 1, layers, orthogonal=False)
    growth = [2 * Fraction(2) ** int(layer) for layer in layers]
    assert found.tolist() == pytest.approx([float((r + 2) / (r - 1)) for r in growth], rel=1e-14)


def over(law):
    """Mean and mean square of the logarithm of twice a variable."""
    return [law.expect(lambda x, p=p: np.log(2 * x) ** p) for p in (1, 2)]


@pytest.mark.parametrize("orthogonal", [False, True])
def test_growth_is_the_expectation_over_gates_and_directions(orthogonal):
    size, k, moments = 5, 2, np.zeros(3)
    for units in range(k, size + 1):
        half = (units - k + 1) / 2
        if not orthogonal:
            logarithms = over(stats.gamma(half, scale=2 / size))
        elif units < size:
            logarithms = over(stats.beta(half, (size - units) / 2))
        else:
            logarithms = [math.log(2), math.log(2) ** 2]
        moments += math.comb(size, units) * np.array([1, *logarithms])
    first, second = moments[1:] / moments[0]
    found = exact.growth(size, 2, k, orthogonal=orthogonal)
    assert found.mean == pytest.approx(first, rel=1e-5)
    assert found.variance == pytest.approx(second - first**2, rel=1e-5)


@pytest.mark.parametrize(
    ("gate", "orthogonal", "mean", "variance"),
    [(1, False, -1, 2), (2, False, -2.5, 5), (2, True, -1.5, 3)],
)
def test_log_norms_of_wide_networks_drift_as_known(gate, orthogonal, mean, variance):
    found = exact.growth(4000, gate, 1, orthogonal=orthogonal)
    assert 4000 * found.mean == pytest.approx(mean, rel=5e-3)
    assert 4000 * found.variance == pytest.approx(variance, rel=5e-3)


@pytest.mark.parametrize(
    ("activation", "initialisation", "other"),
    [("linear", "gaussian", 2.5), ("relu", "gaussian", 0.4), ("relu", "orthogonal", 5 / 3)],
)
def test_log_norms_of_networks_that_are_drawn_move_as_independent_layers(
    activation, initialisation, other
):
    drawn = point(activation=activation, initialisation=initialisation, width=24, depth=16)
    streams = np.random.SeedSequence(6).spawn(100)
    measured, known = simulation.simulate(drawn, streams).log_norm, theory.predict(drawn)
    mean, variance = known.log_norm_mean[-1], known.log_norm_variance[-1]
    score = (measured.mean("replicate") - known.log_norm_mean) / np.sqrt(known.log_norm_variance)
    assert float(abs(score).max()) < 4 / np.sqrt(100)
    increments = (measured - known.log_norm_mean).diff("layer")
    squares = float((increments**2 / known.log_norm_variance.diff("layer")).mean())
    assert squares == pytest.approx(1, abs=0.25)
    # the formulas of another network are told from these
    assert abs(float(measured[:, -1].mean() - other * mean)) > 3 * float(variance / 100) ** 0.5
    assert abs(squares / other - 1) > 0.25


# depth beyond the width


def test_the_largest_singular_value_is_ahead_of_a_fixed_direction_by_its_constant():
    size, depth, ahead = 4, 60, []
    for seed in range(200):
        generator = np.random.default_rng(seed)
        (last,) = jacobians.jacobians(np.ones(size), "linear", [depth], generator)
        plane = np.linalg.qr(last.factor[:, :2], mode="r")
        two = 2 * last.log_singular_values()[:2].sum()
        area = 2 * np.log(np.abs(np.diagonal(plane))).sum() + 4 * last.log_scale
        one = 2 * (last.log_singular_values()[0] - last.log_norm(np.eye(size)[0]))
        ahead.append((one, two - area))
    mean, error = np.mean(ahead, axis=0), np.std(ahead, axis=0) / math.sqrt(len(ahead))
    expected = np.cumsum(deep.intercepts(size, 2))
    assert np.all(np.abs(mean - expected) < 4 * error)
    assert np.all(np.abs(mean) > 8 * error), "without the constants it fails"


def test_exponents_are_apart_by_kappa_over_n():
    for gate, orthogonal, kappa in ((1, False, 1), (2, False, 2), (2, True, 1)):
        rates = deep.exponents(2000, gate, 4, orthogonal=orthogonal)
        np.testing.assert_allclose(-2000 * np.diff(rates), kappa, rtol=1e-2)


def test_brownian_motion_is_that_of_products_close_to_one():
    """Of 2 x 2 matrices: log sigma^2 gains the variance 4 dt, and their difference 8 dt."""
    generator, steps, time = np.random.default_rng(2), 400, 2.0
    product = np.broadcast_to(np.eye(2), (4000, 2, 2))
    for _ in range(steps):
        product = product + math.sqrt(time / 2 / steps) * (
            generator.standard_normal((4000, 2, 2)) @ product
        )
    largest, least = np.linalg.svd(product, compute_uv=False).T
    shares = [np.mean((least / largest) ** 2 <= bound - 1) for bound in (1.1, 1.5)]
    found = [deep.one_direction(time, bound) for bound in (1.1, 1.5)]
    np.testing.assert_allclose(found, shares, atol=0.03)
    assert deep.one_direction(2 * time, 1.1) > shares[0] + 0.08


def test_the_plane_is_flat_for_short_times_and_is_filled():
    assert deep.within(0.05, 1e-3) == pytest.approx(1 - math.exp(-(0.05**2) / 2e-3), rel=1e-3)
    assert deep.within(30.0, 4.0) == pytest.approx(1.0, abs=1e-6)


def test_depths_lie_between_layers_beyond_them_or_nowhere():
    assert theory.depth_of(np.array([1.0, 2.0, 4.0]), 3.0) == 2.5
    assert theory.depth_of(np.array([1.0, 2.0]), 0.5) == 0.5
    assert theory.depth_of(np.array([1.0, 2.0]), 10.0) == 10.0
    assert theory.depth_of(np.array([1.0, 1.0]), 3.0) == math.inf


def test_a_wider_network_has_one_direction_in_proportion_later():
    found = theory.predict(point())
    by_width = found.one_direction_depth_by_width / found.any_width
    np.testing.assert_allclose(by_width, float(found.one_direction_depth) / 32, rtol=1e-6)
    assert float(found.one_direction_depth) == pytest.approx(theory.enough() * 16)


def test_a_depth_lies_between_layers_beyond_them_or_nowhere():
    excess = np.array([1.0, 2.5, 4.5])
    assert theory.depth_of(excess, 0.25) == pytest.approx(0.25)
    assert theory.depth_of(excess, 3.0) == pytest.approx(2.25)
    assert theory.depth_of(excess, 9.5) == pytest.approx(5.5)  # by 2 a layer, as the last
    assert theory.depth_of(np.array([1.0, 2.0, 2.0]), 3.0) == math.inf
