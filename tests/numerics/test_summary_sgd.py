import types

import numpy as np
import pytest

from rankscope.numerics import gram_chain, mixtures, sgd
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.classifiers import TwoLayer
from rankscope.numerics.summary_sgd import Networks, correlated

DIMENSION, SNR, RIDGE = 40, 20.0, 0.05
MIXTURE = mixtures.xor_mixture(SNR)
NETWORK = TwoLayer(MIXTURE.labels, ACTIVATIONS["relu"])


def gram(rows):
    return np.einsum("isn,jsn->ijn", rows, rows)


def networks(second, rows, free=None):
    """Networks of first layers ``(K, n, networks)`` whose first two coordinates are the span."""
    free = np.ones((len(rows), 1)) if free is None else free
    start = second.copy(), rows[:, :2].copy(), gram(rows[:, 2:]), free
    return Networks(MIXTURE, NETWORK, DIMENSION, *start)


def random_rows(width, count, seed=0):
    generator = np.random.default_rng(seed)
    return generator.standard_normal((width, count)), generator.standard_normal((width, 6, count))


@pytest.mark.parametrize("frozen", [False, True])
def test_a_step_is_that_of_sgd_on_the_vectors_themselves(frozen):
    width, count, step = 3, 5, 0.1
    second, rows = random_rows(width, count)
    lower = np.moveaxis(np.linalg.cholesky(np.moveaxis(gram(rows[:, 2:]), 2, 0)), 0, 2)
    free = np.ones((width, 1)) - (np.arange(width) == 0)[:, None] * frozen
    ours = networks(second, np.concatenate([rows[:, :2], lower], axis=1), free)

    generator = np.random.default_rng(1)
    components = generator.integers(4, size=(1, count))
    normals = generator.standard_normal((1, 2 + width, count))
    rest = generator.chisquare(7, (1, count))
    halves = []
    given = types.SimpleNamespace(
        integers=lambda *_, **__: components,
        standard_normal=lambda *_: normals.copy(),
        standard_gamma=lambda half, *_: halves.append(half) or rest / 2,
    )
    ours.descend([given], 1, step, RIDGE)
    assert halves == [(DIMENSION - 2 - width) / 2], "degrees of freedom that are left"

    inputs = np.concatenate([normals[0], np.sqrt(rest)]).T / np.sqrt(SNR)
    inputs[:, :2] += MIXTURE.centres[components[0]]
    first = np.concatenate([rows[:, :2], lower, np.zeros((width, 1, count))], axis=1)
    vectors, last = np.moveaxis(first, 2, 0).copy(), second.T.copy()
    sgd.descend(NETWORK.slopes, vectors, last, inputs[:, None], components.T, step, RIDGE)
    if frozen:
        vectors[:, 0], last[:, 0] = np.moveaxis(first, 2, 0)[:, 0], second[0]
    expected = np.moveaxis(vectors, 0, 2)
    np.testing.assert_allclose(ours.second, last.T, atol=1e-12)
    np.testing.assert_allclose(ours.first, expected[:, :2], atol=1e-12)
    np.testing.assert_allclose(ours.outside, gram(expected[:, 2:]), atol=1e-12)


def test_the_law_is_that_of_the_gram_chain():
    width, count, steps, step = 2, 4000, 160, 2.0 / DIMENSION
    generators = [np.random.default_rng(seed) for seed in (1, 2)]
    second = generators[0].standard_normal((count, width))
    chain = gram_chain.start(
        MIXTURE, DIMENSION, np.zeros((count, width, 2)), 1.0, second, generators[:1]
    )
    ours = networks(second.T, np.moveaxis(chain.weights, 0, 2))
    chain.run(NETWORK.slopes, steps, step, RIDGE)
    ours.descend(generators[1:], steps, step, RIDGE)
    theirs = np.moveaxis(chain.weights, 0, 2)
    outside = gram(theirs[:, 2:])
    pairs = [
        (ours.second[0], chain.second[:, 0]),
        (ours.first[0, 0] ** 2, theirs[0, 0] ** 2),
        (ours.first[0, 0] * ours.second[0], theirs[0, 0] * chain.second[:, 0]),
        (ours.outside[0, 0], outside[0, 0]),
        (ours.outside[0, 1] ** 2, outside[0, 1] ** 2),
    ]
    for one, other in pairs:
        error = np.sqrt((one.var() + other.var()) / count)
        assert abs(one.mean() - other.mean()) < 4 * error
        assert abs(one.std() / other.std() - 1) < 0.15


def test_pre_activations_have_the_covariance_of_the_rows():
    _, rows = random_rows(3, 2)
    lower = correlated(gram(rows), np.eye(3)[..., None])
    np.testing.assert_allclose(np.einsum("ikn,jkn->ijn", lower, lower), gram(rows), atol=1e-12)


def test_a_row_without_a_part_outside_stays_without():
    zero = np.zeros((2, 2, 1))
    assert not correlated(zero, np.ones((2, 1, 1))).any()


@pytest.mark.parametrize("way", ["descend", "flow"])
def test_groups_of_networks_are_those_that_each_generator_makes_alone(way):
    def run(parts, seeds):
        generators = [np.random.default_rng(seed) for seed in seeds]
        arguments = (generators, 70, 0.02, RIDGE, *([3] if way == "flow" else []))
        getattr(parts, way)(*arguments)
        return parts

    second, rows = random_rows(3, 6)
    lower = np.moveaxis(np.linalg.cholesky(np.moveaxis(gram(rows[:, 2:]), 2, 0)), 0, 2)
    rows = np.concatenate([rows[:, :2], lower], axis=1)
    together = run(networks(second, rows), (1, 2)).split(2)
    for part, (one, seed) in enumerate(zip(together, (1, 2), strict=True)):
        chosen = slice(3 * part, 3 * part + 3)
        alone = run(networks(second[:, chosen], rows[..., chosen]), (seed,))
        for name in ("second", "first", "outside"):
            np.testing.assert_allclose(getattr(one, name), getattr(alone, name), atol=1e-10)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_step_of_the_flow_is_the_mean_of_steps_of_sgd_about_every_centre(frozen):
    width, count, pairs, step = 3, 5, 7, 0.1
    second, rows = random_rows(width, count)
    lower = np.moveaxis(np.linalg.cholesky(np.moveaxis(gram(rows[:, 2:]), 2, 0)), 0, 2)
    rows = np.concatenate([rows[:, :2], lower], axis=1)
    free = np.ones((width, 1)) - (np.arange(width) == 0)[:, None] * frozen
    ours = networks(second, rows, free)
    noise = np.random.default_rng(1).standard_normal((2 + width, pairs, count))
    given = types.SimpleNamespace(standard_normal=lambda *_: noise.copy())
    ours.flow([given], 1, step, RIDGE, pairs)

    changes = []
    for component, centre in enumerate(MIXTURE.centres):
        for sign in (1, -1):
            for inputs in np.moveaxis(sign * noise / np.sqrt(SNR), 1, 0):
                inputs[:2] += centre[:, None]
                vectors, last = np.moveaxis(rows, 2, 0).copy(), second.T.copy()
                labels = np.full((1, count), component)
                arguments = inputs.T[:, None], labels.T, step, RIDGE
                sgd.descend(NETWORK.slopes, vectors, last, *arguments)
                changes.append((np.moveaxis(vectors, 0, 2) - rows, last.T - second))
    first, last = (np.mean(each, axis=0) for each in zip(*changes, strict=True))
    expected, outer = rows + first * free[..., None], second + last * free
    np.testing.assert_allclose(ours.second, outer, atol=1e-12)
    np.testing.assert_allclose(ours.first, expected[:, :2], atol=1e-12)
    np.testing.assert_allclose(ours.outside, gram(expected[:, 2:]), atol=1e-12)
