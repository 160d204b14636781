"""The theory of `depth_limits` against closed forms, finite differences and quadrature."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from rankscope.studies.depth_limits import theory
from rankscope.studies.depth_limits.parameters import ACTIVATIONS, Parameters
from rankscope.studies.effective_dimension.theory import fluctuations, kernel


def point(**values):
    default = {"activation": "relu", "architecture": "plain", "width": 64, "batch_size": 16}
    return Parameters(**default | {"depth": 20} | values)


def test_relu_has_the_closed_forms_of_the_arccosine_kernel():
    # the kink limits a sum on a grid to its spacing squared
    cosine, found = 1 - theory._DISTANCES, theory.moments("relu")
    wide = theory._DISTANCES > 1e-4
    exact = (1 - kernel.correlation_map(cosine, 0.0))[wide]
    np.testing.assert_allclose(found.variance[wide], exact, rtol=1e-4)
    np.testing.assert_allclose(
        found.damping[wide], fluctuations.damping(cosine, 0.0)[wide], atol=1e-4
    )
    np.testing.assert_allclose(
        found.injection[wide],
        fluctuations.injection(cosine, 0.0, orthogonal=False)[wide],
        rtol=1e-3,
    )


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_damping_is_the_logarithmic_slope_of_the_distance_map(name):
    found = theory.moments(name)
    slope = np.gradient(np.log(found.variance), np.log(theory._DISTANCES))
    middle = slice(60, -2)
    np.testing.assert_allclose(found.damping[middle], slope[middle], atol=0.02)


@pytest.mark.parametrize("name", ["tanh", "gelu", "silu"])
def test_the_distance_of_orthogonal_inputs_is_the_variance_over_the_second_moment(name):
    def moment(power):
        def integrand(z):
            return float(theory.activation(name, np.array(z))) ** power * stats.norm.pdf(z)

        return integrate.quad(integrand, -10, 10)[0]

    expected = 1 - moment(1) ** 2 / moment(2)
    assert theory.moments(name).variance[-1] == pytest.approx(expected, rel=1e-6)


def test_layer_norm_leaves_orthogonal_inputs_orthogonal_and_ends_at_the_fixed_point():
    distance, fluctuation = theory.recursion(point(architecture="layer-norm"), 200)
    np.testing.assert_allclose(distance, 1.0, atol=1e-6)
    damping, injection = theory.moments("relu").damping[-1], theory.moments("relu").injection[-1]
    assert fluctuation[-1] == pytest.approx(injection / (1 - damping**2), rel=1e-4)


def test_batch_norm_starts_every_layer_as_orthogonal_inputs_do():
    known = theory.moments("relu")
    distance, fluctuation = theory.recursion(point(architecture="batch-norm"), 200)
    np.testing.assert_allclose(distance, 1 - known.mean**2, rtol=1e-4)
    assert fluctuation[0] == pytest.approx(1.0, rel=1e-3)
    damping = theory.batch_damping("relu", 16)
    assert fluctuation[-1] == pytest.approx(1 / (1 - damping**2), rel=1e-3)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_damping_of_a_large_batch_is_that_of_independent_inputs(name):
    limit = theory.moments(name).damping[-1]
    small, large = (theory.batch_damping(name, m) for m in (100, 1000))
    assert large == pytest.approx(limit, abs=5e-3)
    assert abs(large - limit) < abs(small - limit) / 5


@pytest.mark.parametrize("name", ["relu", "tanh"])
def test_the_damping_of_batch_norm_is_the_derivative_of_its_kernel(name):
    m, step = 6, 0.05
    centre = np.eye(m) - 1 / m
    shift = np.zeros((m, m))
    shift[0, 1], shift[0, 3], shift[2, 1], shift[2, 3] = 1, -1, -1, 1
    normal = np.random.default_rng(3).standard_normal((400_000, m)) @ centre
    found = []
    for sign in (1, -1, 0):
        values, vectors = np.linalg.eigh(centre + sign * step * (shift + shift.T))
        root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
        batch = normal @ root
        batch *= np.sqrt(m / (batch**2).sum(axis=1, keepdims=True))
        features = theory.activation(name, batch[:, :2])
        found.append(features.T @ features / len(features))
    slope = (found[0][0, 1] - found[1][0, 1]) / (2 * step)
    expected = slope / (found[2][0, 0] - found[2][0, 1])
    assert theory.batch_damping(name, m) == pytest.approx(expected, abs=0.01)


def test_a_batch_that_is_normalised_forgets_the_cosine_of_equicorrelated_inputs():
    # the direction of the centred batch of a unit, at two cosines of the batch
    normal = np.random.default_rng(1).standard_normal((200_000, 6))
    for cosine in (0.0, 0.9):
        root = np.linalg.cholesky(cosine + (1 - cosine) * np.eye(6))
        batch = normal @ root.T
        batch -= batch.mean(axis=1, keepdims=True)
        batch /= np.sqrt((batch**2).mean(axis=1, keepdims=True))
        np.testing.assert_allclose(np.cov(batch.T, bias=True), 1.2 * np.eye(6) - 0.2, atol=0.01)


def test_only_gelu_and_silu_have_lengths_that_do_not_stay():
    slopes = {name: theory.moments(name).length_slope for name in ACTIVATIONS}
    assert slopes["relu"] == pytest.approx(1.0, abs=1e-6)
    assert slopes["tanh"] < 1 < 1.1 < slopes["gelu"] < slopes["silu"]


def test_a_residual_branch_without_weight_would_change_nothing():
    scaled = point(architecture="scaled-residual", depth=100_000)
    distance, fluctuation = theory.recursion(scaled, 10)
    np.testing.assert_allclose(distance, 1.0, atol=1e-3)
    np.testing.assert_allclose(fluctuation, 1.0, atol=1e-3)


def fluctuations_of(block, features, blocks):
    """``n V`` after each of a few blocks: 1/PR of unit-length, centred features less 1/(m - 1)."""
    found = []
    for _ in range(blocks):
        features = block(features)
        unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        unit -= unit.mean(axis=0)
        gram = unit @ unit.T
        inverse = (gram**2).sum() / np.trace(gram) ** 2
        found.append(features.shape[1] * (inverse - 1 / (len(features) - 1)))
    return np.array(found)


@pytest.fixture(scope="module")
def relu_blocks():
    """Two layers with layer norm, and two residual blocks after a linear layer, by drawing them."""
    m, n = 100, 500
    generator = np.random.default_rng(5)

    def relu(features):
        unit = features / np.sqrt((features**2).mean(axis=1, keepdims=True))
        before = unit @ generator.standard_normal((features.shape[1], n)) / features.shape[1] ** 0.5
        return np.sqrt(2) * np.maximum(before, 0)

    def normalised(features):
        after = relu(features)
        return after - after.mean(axis=1, keepdims=True)

    def residual(features):
        return features + relu(features) @ generator.standard_normal((n, n)) / np.sqrt(n)

    inputs = np.sqrt(m) * np.eye(m)
    return {
        "layer-norm": np.mean([fluctuations_of(normalised, inputs, 3) for _ in range(10)], axis=0),
        "residual": np.mean(
            [fluctuations_of(residual, generator.standard_normal((m, n)), 3) for _ in range(10)],
            axis=0,
        ),
    }


@pytest.mark.parametrize("architecture", ["layer-norm", "residual"])
def test_the_variance_of_fluctuations_is_that_of_blocks_that_are_drawn(relu_blocks, architecture):
    _, predicted = theory.recursion(point(architecture=architecture), 3)
    np.testing.assert_allclose(relu_blocks[architecture], predicted, rtol=0.05)


def test_blocks_that_are_drawn_tell_the_formulas_from_others(relu_blocks):
    # layer norm without its effect on distances, and a residual block without the cross term
    _, plain = theory.recursion(point(), 3)
    assert abs(relu_blocks["layer-norm"][-1] / plain[-1] - 1) > 0.1
    share = theory.moments("relu").variance[-1]
    share /= 1 + share
    _, predicted = theory.recursion(point(architecture="residual"), 1)
    without = predicted[0] - 2 * share * (1 - share)
    assert abs(relu_blocks["residual"][0] / without - 1) > 0.3


def test_a_crossing_lies_between_layers_or_nowhere():
    curve = np.array([1.0, 2.0, 4.0])
    assert theory.crossing(curve, 3.0) == 2.5
    assert theory.crossing(curve, 0.5) == 1.0
    assert theory.crossing(curve, 5.0) == math.inf


def test_wider_networks_lose_half_of_the_rank_in_proportion_later():
    by_width = theory.predict(point()).lost_depth_by_width.sel(kept=0.5)
    ratio = float(by_width[-1] / by_width[-5])
    assert ratio == pytest.approx(2.0, rel=0.1)


@pytest.mark.parametrize("architecture", ["plain", "residual"])
def test_at_the_layer_of_a_share_that_share_is_left(architecture):
    drawn = point(architecture=architecture, batch_size=64, depth=800)
    found, (_, fluctuation) = theory.predict(drawn), theory.recursion(drawn, 800)
    left = found.centred_participation_ratio / 63
    shares = found.kept.where((found.lost_depth > 1) & (found.lost_depth < 800), drop=True)
    assert len(shares)
    for share in map(float, shares):
        at = found.lost_depth.sel(kept=share)
        assert float(left.interp(layer=at)) == pytest.approx(share, rel=0.02)
        # fluctuations alone are not the whole of 1/PR
        wrong = theory.crossing(fluctuation, 64 / (share * 63))
        assert wrong > 800 or float(left.interp(layer=wrong)) < 0.95 * share


def test_what_stops_falling_is_filled_with_what_it_stopped_at():
    short, long = (theory.recursion(point(architecture="layer-norm"), n) for n in (300, 3000))
    for first, second in zip(short, long, strict=True):
        np.testing.assert_array_equal(first, second[:300])
        np.testing.assert_allclose(second[300:], first[-1], rtol=1e-12)


def test_the_participation_ratio_at_infinite_width_is_that_of_equicorrelated_features():
    found = theory.predict(point())
    for layer in (0, 7, 19):
        cosine = float(found.cosine[layer])
        values = np.linalg.eigvalsh(np.eye(16) * (1 - cosine) + cosine)
        expected = values.sum() ** 2 / (values**2).sum()
        assert float(found.participation_ratio[layer]) == pytest.approx(expected)
