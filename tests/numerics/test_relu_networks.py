"""Random ReLU networks: the fast sampler against the naive loop, and against its law."""

import numpy as np
import pytest
from scipy import stats

from rankscope.numerics import ranks
from rankscope.numerics.relu_networks import (
    Network,
    decompose,
    gram_is_safe,
    layers,
    orthonormal_frame,
    rank_bound,
    variations,
)

TOLERANCES = (1e-1, 1e-2, 1e-3)


def generator(seed=0):
    return np.random.Generator(np.random.SFC64(seed))


def naive_layers(inputs, width, depth, slope, rng):
    """One network the obvious way: full weights, one SVD of all features per layer."""
    features = inputs
    for _ in range(depth):
        weights = rng.standard_normal((width, features.shape[1]))
        weights *= np.sqrt(2 / (1 + slope**2) / features.shape[1])
        values = features @ weights.T
        features = np.where(values > 0, values, slope * values)
        yield features, values


@pytest.mark.parametrize("slope", [0.0, 0.3, -1.0])
@pytest.mark.parametrize(("rows", "width"), [(6, 4), (6, 6), (6, 40)])
def test_explicit_weights_give_what_the_naive_loop_gives(rows, width, slope):
    inputs = generator(1).standard_normal((rows, 5))
    network = Network(width=width, depth=8, negative_slope=slope)
    naive = naive_layers(inputs, width, 8, slope, generator(2))
    for layer, (features, before) in zip(
        layers(inputs, network, generator(2), explicit=True, keep_gates=True), naive, strict=True
    ):
        values = np.linalg.svd(features, compute_uv=False)
        scale = values[0]
        np.testing.assert_allclose(layer.singular_values, values, atol=1e-12 * scale, rtol=1e-5)
        np.testing.assert_allclose(
            layer.factor @ layer.factor.T, features @ features.T, atol=1e-12 * scale**2
        )
        assert np.array_equal(layer.gates, before > 0)
        on, off = (before > 0).any(axis=0), (before < 0).any(axis=0)
        dead = int(np.sum(~on)) if slope == 0 else 0
        mixed = int(np.sum(on & off))  # an input without features is on neither side
        assert (layer.dead, layer.mixed, layer.linear) == (dead, mixed, width - dead - mixed)
        for tolerance in (*TOLERANCES, ranks.exact_tolerance(rows, width)):
            assert ranks.numerical_rank(layer.singular_values, tolerance) == ranks.numerical_rank(
                values, tolerance
            )


def law_sample(network, *, explicit, seed, count=300, rows=6):
    """Several statistics of the layers of many networks, one column each."""
    inputs = np.sqrt(8) * generator(99).standard_normal((rows, 8))
    found = []
    for index in range(count):
        rng = generator([seed, index])
        drawn = list(layers(inputs, network, rng, explicit=explicit))
        row = []
        for layer in (drawn[0], drawn[-1]):
            gram = layer.factor @ layer.factor.T
            row += [
                layer.singular_values[0],
                layer.singular_values[-1],
                float(ranks.effective_rank(layer.singular_values)),
                layer.dead + layer.mixed,
                gram[0, 1],
                gram[2, 2],
            ]
        found.append(row)
    return np.array(found)


def least_p_value(first, second):
    """Least Bonferroni-corrected p-value of the Kolmogorov-Smirnov tests of all columns."""
    tests = [
        stats.ks_2samp(a, b, method="asymp").pvalue for a, b in zip(first.T, second.T, strict=True)
    ]
    return min(1.0, len(tests) * min(tests))


LAWS = {
    "gaussian": Network(width=10, depth=4),
    "narrow": Network(width=4, depth=4),
    "orthogonal": Network(width=10, depth=4, orthogonal=True),
    "narrow orthogonal": Network(width=4, depth=4, orthogonal=True),
    "leaky with bias": Network(width=10, depth=4, negative_slope=-0.5, bias_variance=0.5),
}


@pytest.mark.parametrize("name", LAWS)
def test_the_reduced_sampler_has_the_law_of_explicit_weights(name):
    reduced = law_sample(LAWS[name], explicit=False, seed=1)
    explicit = law_sample(LAWS[name], explicit=True, seed=2)
    assert least_p_value(reduced, explicit) > 1e-3


def test_the_test_of_laws_tells_orthogonal_from_gaussian_weights():
    gaussian = law_sample(LAWS["gaussian"], explicit=False, seed=1)
    orthogonal = law_sample(LAWS["orthogonal"], explicit=False, seed=2)
    assert least_p_value(gaussian, orthogonal) < 1e-6


def test_the_test_of_laws_sees_a_sampler_that_forgets_one_direction(monkeypatch):
    from rankscope.numerics import relu_networks

    def forgetful(factor, *rest):
        return right(np.where(np.arange(factor.shape[1]) == 0, 0.0, factor), *rest)

    right = relu_networks._draw_reduced
    explicit = law_sample(LAWS["gaussian"], explicit=True, seed=2)
    monkeypatch.setattr(relu_networks, "_draw_reduced", forgetful)
    assert least_p_value(law_sample(LAWS["gaussian"], explicit=False, seed=1), explicit) < 1e-6


def test_a_layer_draws_no_more_normals_than_the_batch_needs():
    class Counting(np.random.Generator):
        drawn = 0

        def standard_normal(self, size=None, *args, **kwargs):
            self.drawn += int(np.prod(size))
            return super().standard_normal(size, *args, **kwargs)

    rng = Counting(np.random.SFC64(0))
    list(layers(np.eye(5), Network(width=200, depth=3), rng))
    assert rng.drawn == 3 * 5 * 200


def test_a_frame_is_orthonormal_and_its_signs_are_fair():
    frames = np.stack([orthonormal_frame(3, 7, generator(i)) for i in range(400)])
    np.testing.assert_allclose(
        frames @ np.swapaxes(frames, 1, 2), np.broadcast_to(np.eye(3), (400, 3, 3)), atol=1e-13
    )
    mean = frames.mean(axis=0) * np.sqrt(400 * 7)  # entries have variance 1/7
    assert np.abs(mean).max() < 4.5  # standard errors, 21 entries


def test_a_wide_frame_is_the_orthogonal_factor_of_its_draws():
    factor, triangle = np.linalg.qr(generator().standard_normal((64, 32)))
    expected = (factor * np.sign(np.diagonal(triangle))).T
    np.testing.assert_allclose(orthonormal_frame(32, 64, generator()), expected, atol=1e-13)


def test_linear_orthogonal_networks_are_isometries():
    network = Network(width=12, depth=30, negative_slope=1.0, orthogonal=True)
    for layer in layers(np.eye(5), network, generator()):
        np.testing.assert_allclose(layer.singular_values, layer.singular_values[0], rtol=1e-12)


def test_features_scale_with_the_inputs():
    network = Network(width=9, depth=5)
    one = list(layers(np.eye(4), network, generator(3)))
    three = list(layers(3 * np.eye(4), network, generator(3)))
    for first, second in zip(one, three, strict=True):
        np.testing.assert_allclose(second.singular_values, 3 * first.singular_values, rtol=1e-11)


def test_a_dead_network_has_a_zero_spectrum_of_full_length_and_stays_dead():
    drawn = list(layers(np.eye(3), Network(width=1, depth=40), generator(5)))
    dead = [layer.dead == 1 for layer in drawn]
    assert dead[-1]
    assert dead == sorted(dead)
    assert np.array_equal(drawn[-1].singular_values, np.zeros(1))


@pytest.mark.parametrize(("rows", "columns"), [(5, 3), (5, 5), (5, 30)])
@pytest.mark.parametrize("gram", [False, True])
def test_a_decomposition_gives_the_singular_values_and_a_factor(rows, columns, gram):
    features = generator(7).standard_normal((rows, columns))
    values, factor, _ = decompose(features, TOLERANCES, gram=gram)
    np.testing.assert_allclose(values, np.linalg.svd(features, compute_uv=False), rtol=1e-10)
    np.testing.assert_allclose(factor @ factor.T, features @ features.T, atol=1e-12)
    assert factor.shape[1] <= min(rows, columns)


def spectrum_matrix(values, columns=40):
    rng = generator(8)
    left = np.linalg.qr(rng.standard_normal((len(values), len(values))))[0]
    return (left * values) @ orthonormal_frame(len(values), columns, rng)


def test_the_gram_route_is_refused_where_the_matrix_is_ill_conditioned():
    assert decompose(spectrum_matrix([1, 0.1, 1e-4]), gram=True)[2]
    assert not decompose(spectrum_matrix([1, 0.1, 0.9e-5]), gram=True)[2]
    assert not decompose(spectrum_matrix([1, 0.1, 0.0]), gram=True)[2]


def test_the_gram_route_is_refused_where_rounding_could_change_a_rank():
    eigenvalues = np.array([1.0, 1e-4 * (1 + 1e-12), 1e-6])
    assert not gram_is_safe(eigenvalues, 40, [1e-2])
    assert gram_is_safe(eigenvalues, 40, [2e-2])


def test_the_gram_route_changes_no_reported_rank_and_no_soft_rank():
    taken = 0
    for seed in range(20):
        network = Network(width=80, depth=25)
        for layer in layers(np.eye(12), network, generator(seed)):
            values = np.linalg.svd(layer.factor, compute_uv=False)
            taken += layer.by_gram
            for tolerance in (*TOLERANCES, ranks.exact_tolerance(12, 80)):
                assert ranks.numerical_rank(
                    layer.singular_values, tolerance
                ) == ranks.numerical_rank(values, tolerance)
            assert ranks.effective_rank(layer.singular_values) == pytest.approx(
                float(ranks.effective_rank(values)), rel=1e-7
            )
    assert taken > 400  # the route is used at most layers, or this test shows nothing


def bounds_and_ranks(rows=10, width=10, depth=30, networks=30, **law):
    pairs = []
    for seed in range(networks):
        before = rows
        for layer in layers(
            np.eye(rows), Network(width=width, depth=depth, **law), generator(seed)
        ):
            rank = int(
                ranks.numerical_rank(layer.singular_values, ranks.exact_tolerance(rows, width))
            )
            bias = law.get("bias_variance", 0) > 0
            pairs.append((rank, int(rank_bound(before, layer, rows, bias=bias)), layer, before))
            before = rank
    return pairs


@pytest.mark.parametrize("law", [{}, {"orthogonal": True}, {"bias_variance": 1.0}])
def test_exact_rank_never_exceeds_its_bound_and_mostly_attains_it(law):
    pairs = bounds_and_ranks(**law)
    assert all(rank <= bound for rank, bound, _, _ in pairs)
    assert np.mean([rank == bound for rank, bound, _, _ in pairs]) > 0.5


def test_a_bound_without_the_mixed_units_would_be_violated():
    assert any(rank > before for rank, _, _, before in bounds_and_ranks())


def test_rank_in_double_precision_is_the_true_rank_in_high_precision():
    mpmath = pytest.importorskip("mpmath")
    rng = generator(11)
    with mpmath.workdps(100):
        features = mpmath.eye(6)
        double = np.eye(6)
        for _ in range(10):
            weights = rng.standard_normal((6, 6)) * np.sqrt(2 / 6)
            features = (features * mpmath.matrix(weights.T.tolist())).apply(
                lambda value: value if value > 0 else mpmath.mpf(0)
            )
            double = np.maximum(double @ weights.T, 0)
            exact = mpmath.svd_r(features, compute_uv=False)
            true_rank = sum(value > mpmath.mpf(10) ** -60 * exact[0] for value in exact)
            values, _, _ = decompose(double[:, double.any(axis=0)])
            assert ranks.numerical_rank(values, ranks.exact_tolerance(6, 6)) == true_rank


def explicit_variations(inputs, network, rng):
    """J X^T at the first input, per layer, from every weight."""
    features, product = inputs[0], inputs.T
    for _ in range(network.depth):
        fan_in = len(features)
        weights = rng.standard_normal((network.width, fan_in))
        if network.orthogonal:
            size = max(fan_in, network.width)
            weights = orthonormal_frame(size, size, rng)[: network.width, :fan_in]
        weights = network.weight_scale(fan_in) * weights
        biases = np.sqrt(network.bias_variance) * rng.standard_normal(network.width)
        values = weights @ features + biases
        slope = np.where(values > 0, 1.0, network.negative_slope)
        features, product = slope * values, slope[:, None] * (weights @ product)
        yield product


def spectra(maps):
    """Return 5 singular values per layer, with zeros where a factor has fewer."""
    values = [np.linalg.svd(one, compute_uv=False) for one in maps]
    return np.stack([np.pad(one, (0, 5))[:5] for one in values])


@pytest.mark.parametrize("name", LAWS)
def test_variations_have_the_law_of_the_jacobian_of_explicit_weights(name):
    inputs = generator().standard_normal((5, 7))
    first, second = generator(1), generator(2)
    reduced = np.stack([spectra(variations(inputs, LAWS[name], first)) for _ in range(300)])
    explicit = np.stack(
        [spectra(explicit_variations(inputs, LAWS[name], second)) for _ in range(300)]
    )
    assert reduced.shape == explicit.shape
    assert np.all(np.diff(reduced, axis=-1) <= 1e-12)
    # of zeros, one sampler gives exact ones
    samples = (
        np.where(sample < 1e-9, 0, sample).reshape(300, -1) for sample in (reduced, explicit)
    )
    assert least_p_value(*samples) > 1e-3


def test_preactivations_are_those_before_the_gates():
    options = {"keep_gates": True, "keep_preactivations": True}
    for layer in layers(np.eye(5), Network(width=6, depth=3), generator(3), **options):
        assert np.array_equal(layer.preactivations > 0, layer.gates)
        features = np.maximum(layer.preactivations, 0)
        np.testing.assert_allclose(
            np.linalg.svd(features, compute_uv=False), layer.singular_values, atol=1e-12
        )


@pytest.mark.parametrize("explicit", [True, False])
def test_biases_are_gaussian_of_their_variance_and_the_same_for_all_inputs(explicit):
    network = Network(width=4000, depth=1, bias_variance=0.3)
    layer = next(
        layers(np.zeros((3, 5)), network, generator(4), explicit=explicit, keep_preactivations=True)
    )
    biases = layer.preactivations[0]
    np.testing.assert_array_equal(layer.preactivations, np.tile(biases, (3, 1)))
    assert stats.kstest(biases / np.sqrt(0.3), "norm").pvalue > 1e-3
