"""Angles and centred participation ratios against direct computation."""

import numpy as np
import pytest

from rankscope.numerics import batch_geometry


@pytest.fixture
def features():
    return np.random.default_rng(0).normal(size=(5, 9)) + 0.5


def test_pair_statistics_are_those_of_a_loop_over_pairs(features):
    cosine = batch_geometry.cosines(features @ features.T)
    pairs = []
    for i in range(5):
        for j in range(i):
            lengths = np.linalg.norm(features[i]) * np.linalg.norm(features[j])
            pairs.append(features[i] @ features[j] / lengths)
    pairs = np.array(pairs)
    assert batch_geometry.mean_cosine(cosine) == pytest.approx(pairs.mean())
    assert batch_geometry.mean_log_squared_sine(cosine) == pytest.approx(
        np.log(1 - pairs**2).mean()
    )


def test_centring_the_gram_matrix_is_centring_the_features(features):
    rows = features - features.mean(axis=0)
    np.testing.assert_allclose(
        batch_geometry.centred(features @ features.T), rows @ rows.T, atol=1e-12
    )


def test_the_participation_ratio_needs_no_eigenvalues(features):
    matrix = features @ features.T
    values = np.linalg.eigvalsh(matrix)
    expected = values.sum() ** 2 / (values**2).sum()
    assert batch_geometry.participation_ratio(matrix) == pytest.approx(expected)


def test_orthonormal_inputs_have_a_centred_participation_ratio_of_one_less_than_their_number():
    matrix = batch_geometry.centred(batch_geometry.cosines(np.eye(6)))
    assert batch_geometry.participation_ratio(matrix) == pytest.approx(5.0)


def test_an_input_without_features_is_left_out(features):
    with_zero = np.vstack([features[:2], np.zeros((1, 9)), features[2:]])
    for gram in (features @ features.T, with_zero @ with_zero.T):
        cosine = batch_geometry.cosines(gram)
        found = (
            batch_geometry.mean_cosine(cosine),
            batch_geometry.mean_log_squared_sine(cosine),
            batch_geometry.participation_ratio(batch_geometry.centred(cosine)),
            batch_geometry.participation_ratio(batch_geometry.centred(gram)),
        )
        if gram.shape == (5, 5):
            expected = found
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_batch_without_features_has_no_geometry():
    gram = np.zeros((2, 3, 3))
    cosine = batch_geometry.cosines(gram)
    assert np.isnan(batch_geometry.mean_cosine(cosine)).all()
    assert np.isnan(batch_geometry.mean_log_squared_sine(cosine)).all()
    assert np.isnan(batch_geometry.participation_ratio(batch_geometry.centred(gram))).all()


def test_parallel_inputs_have_the_least_squared_sine_that_rounding_allows():
    cosine = batch_geometry.cosines(np.ones((2, 2)))
    assert batch_geometry.mean_log_squared_sine(cosine) == pytest.approx(
        np.log(np.finfo(float).eps)
    )
