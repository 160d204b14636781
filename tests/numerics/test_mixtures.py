import numpy as np
import pytest

from rankscope.numerics import mixtures


def test_centres_have_the_given_gram_matrix():
    gram = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, 0.1], [0.2, 0.1, 2.0]])
    centres = mixtures.class_mixture(gram, 1.0).centres
    np.testing.assert_allclose(centres @ centres.T, gram)


def test_dependent_centres_are_refused():
    with pytest.raises(np.linalg.LinAlgError):
        mixtures.class_mixture(np.ones((2, 2)), 1.0)


def test_samples_have_the_centres_as_means_and_the_noise_as_variance():
    mixture = mixtures.class_mixture(np.eye(3) * 4.0, 5.0)
    components, inputs = mixture.sample(np.random.default_rng(0), 20_000, 6)
    for component in range(3):
        part = inputs[components == component]
        error = 1 / np.sqrt(5.0 * len(part))
        expected = np.pad(mixture.centres[component], (0, 3))
        assert np.abs(part.mean(axis=0) - expected).max() < 5 * error
        assert part.var(axis=0) == pytest.approx(np.full(6, 0.2), rel=0.06)


def test_xor_classes_are_opposite_pairs_on_two_axes():
    mixture = mixtures.xor_mixture(1.0)
    for label in (0, 1):
        pair = mixture.centres[mixture.labels == label]
        np.testing.assert_array_equal(pair.sum(axis=0), 0.0)
    np.testing.assert_allclose(mixture.centres[0] @ mixture.centres[2], 0.0)
