"""Linear CKA."""

import numpy as np
import pytest

from rankscope.numerics import low_rank, representations


@pytest.fixture
def states():
    return np.random.default_rng(0).standard_normal((40, 6))


def test_a_representation_is_one_with_itself_rotated_scaled_and_shifted(states):
    rotation = low_rank.random_frame(np.random.default_rng(1), (6, 6))
    moved = 3.0 * states @ rotation + 5.0
    assert representations.linear_cka(states, moved) == pytest.approx(1.0)


def test_orthogonal_representations_have_none(states):
    basis = low_rank.random_frame(np.random.default_rng(2), (40, 12))
    basis = basis - basis.mean(axis=0)
    left, right = np.linalg.qr(basis)[0][:, :6], np.linalg.qr(basis)[0][:, 6:]
    assert representations.linear_cka(left, right) == pytest.approx(0.0, abs=1e-20)


def test_it_is_the_normalised_hsic_of_the_gram_matrices(states):
    other = np.random.default_rng(3).standard_normal((40, 9))
    centre = np.eye(40) - 1 / 40
    k, m = (centre @ x @ x.T @ centre for x in (states, other))
    expected = np.trace(k @ m) / np.sqrt(np.trace(k @ k) * np.trace(m @ m))
    assert representations.linear_cka(states, other) == pytest.approx(expected)


def test_without_centring_the_value_would_be_another(states):
    shifted = states + 10.0
    raw = np.linalg.norm(states.T @ shifted) ** 2 / (
        np.linalg.norm(shifted.T @ shifted) * np.linalg.norm(states.T @ states)
    )
    assert abs(raw - representations.linear_cka(states, shifted)) > 0.1


def test_a_constant_representation_has_no_value(states):
    assert np.isnan(representations.linear_cka(states, np.ones((40, 3))))
