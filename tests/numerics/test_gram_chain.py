import numpy as np
import pytest
from scipy import stats

from rankscope.numerics import gram_chain, mixtures, sgd
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.classifiers import Multinomial, TwoLayer

NETWORKS, RIDGE = 1500, 0.05
LEAST_P = 1e-3  # of the smallest Kolmogorov-Smirnov p-value, after Bonferroni's correction
ERRORS = 4.5  # standard errors that means may differ by


def generators(seed, count=5):
    return [np.random.default_rng([seed, index]) for index in range(count)]


def summaries(first, second, spanned):
    gram = first @ np.swapaxes(first, 1, 2)
    rows, columns = np.triu_indices(first.shape[1])
    parts = first[:, :, :spanned].reshape(len(first), -1), gram[:, rows, columns], second
    return np.concatenate(parts, axis=1)


def by_chain(mixture, network, dimension, steps, width, centred, second):
    chain = gram_chain.start(mixture, dimension, centred, 1.0, second, generators(0))
    chain.run(network.slopes, steps, 2 / dimension, RIDGE)
    return summaries(chain.weights, chain.second, mixture.centres.shape[1])


def directly(mixture, network, dimension, steps, width, centred, second):
    generator = np.random.default_rng(1)
    first = generator.standard_normal((NETWORKS, width, dimension)) / np.sqrt(dimension)
    first[:, :, : centred.shape[2]] += centred
    second = second.copy()
    for _ in range(steps):
        components, inputs = mixture.sample(generator, NETWORKS, dimension)
        sgd.descend(
            network.slopes,
            first,
            second,
            inputs[:, None],
            components[:, None],
            2 / dimension,
            RIDGE,
        )
    return summaries(first, second, mixture.centres.shape[1])


def differences(one, other):
    """Return the largest gap of means in standard errors, and the least corrected p-value."""
    varying = other.std(axis=0) > 0
    one, other = one[:, varying], other[:, varying]
    error = np.sqrt((one.var(axis=0) + other.var(axis=0)) / NETWORKS)
    gap = np.abs(one.mean(axis=0) - other.mean(axis=0)) / error
    p = [stats.ks_2samp(a, b).pvalue for a, b in zip(one.T, other.T, strict=True)]
    return gap.max(), min(p) * len(p)


def mixture_case():
    mixture = mixtures.class_mixture(np.eye(3) / 2 + 0.5, 5.0)
    zeros = np.zeros((NETWORKS, 3))
    return mixture, Multinomial(mixture.labels), 40, 90, 3, np.zeros((NETWORKS, 3, 3)), zeros


def xor_case():
    mixture = mixtures.xor_mixture(8.0)
    second = np.random.default_rng(2).standard_normal((NETWORKS, 4))
    network = TwoLayer(mixture.labels, ACTIVATIONS["relu"])
    return mixture, network, 40, 90, 4, np.full((NETWORKS, 4, 2), 0.2), second


@pytest.mark.parametrize("case", [mixture_case, xor_case])
def test_the_chain_has_the_law_of_sgd_in_all_dimensions(case):
    gap, p = differences(by_chain(*case()), directly(*case()))
    assert gap < ERRORS
    assert p > LEAST_P


@pytest.mark.parametrize("case", [mixture_case, xor_case])
def test_a_chain_that_drops_the_new_directions_fails(case, monkeypatch):
    compress = gram_chain.Chain._compress

    def forgetful(chain):
        chain.first[:, :, chain.weights.shape[2] :] = 0.0
        compress(chain)

    expected = directly(*case())
    monkeypatch.setattr(gram_chain.Chain, "_compress", forgetful)
    gap, p = differences(by_chain(*case()), expected)
    assert gap > 2 * ERRORS
    assert p < LEAST_P / 100


def test_a_chain_of_another_dimension_fails():
    mixture, network, dimension, *rest = mixture_case()
    gap, _ = differences(
        by_chain(mixture, network, dimension + 20, *rest),
        directly(mixture, network, dimension, *rest),
    )
    assert gap > ERRORS


def test_compression_keeps_all_inner_products_of_the_rows():
    mixture, _, dimension, _, _, centred, second = xor_case()
    chain = gram_chain.start(mixture, dimension, centred[:5], 1.0, second[:5], generators(3))
    chain.first[:] = np.random.default_rng(4).standard_normal(chain.first.shape)
    gram = chain.first @ np.swapaxes(chain.first, 1, 2)
    chain._compress()
    kept = chain.weights @ np.swapaxes(chain.weights, 1, 2)
    np.testing.assert_allclose(kept, gram, atol=1e-12)
    np.testing.assert_array_equal(chain.first[:, :, chain.weights.shape[2] :], 0.0)


def test_a_start_of_scale_zero_is_its_centre():
    mixture, _, dimension, _, _, centred, second = xor_case()
    chain = gram_chain.start(mixture, dimension, centred[:5], 0.0, second[:5], generators(5))
    np.testing.assert_array_equal(chain.weights[:, :, :2], centred[:5])
    np.testing.assert_array_equal(chain.weights[:, :, 2:], 0.0)


def test_the_start_has_the_gram_matrix_of_gaussian_rows():
    mixture = mixtures.class_mixture(np.eye(3), 1.0)
    chain = gram_chain.start(
        mixture, 40, np.zeros((4000, 3, 3)), 1.0, np.zeros((4000, 3)), generators(6)
    )
    gram = chain.weights @ np.swapaxes(chain.weights, 1, 2)
    assert gram.mean(axis=0) == pytest.approx(np.eye(3), abs=5 / np.sqrt(40 * 4000) * 1.5)
    assert gram[:, 0, 0].var() == pytest.approx(2 / 40, rel=0.1)


def test_a_dimension_in_which_directions_run_out_is_refused():
    mixture = mixtures.class_mixture(np.eye(3), 1.0)
    least = gram_chain.smallest_dimension(3, 3)
    arguments = np.zeros((1, 3, 3)), 1.0, np.zeros((1, 3)), generators(7, 1)
    gram_chain.start(mixture, least, *arguments)
    with pytest.raises(ValueError, match=f"at least {least} for 3 rows, got {least - 1}"):
        gram_chain.start(mixture, least - 1, *arguments)
