"""Notions of rank: exact cases, invariances, and naive transcriptions."""

import numpy as np
import pytest

from rankscope.numerics import ranks

SOFT = (
    ranks.stable_rank,
    ranks.participation_ratio,
    ranks.effective_rank,
    ranks.effective_rank_of_eigenvalues,
)


@pytest.mark.parametrize("soft", SOFT)
def test_an_identity_has_every_soft_rank_equal_to_its_size(soft):
    assert soft(np.ones(7)) == pytest.approx(7.0, rel=1e-14)


@pytest.mark.parametrize("soft", SOFT)
def test_a_rank_one_spectrum_has_every_soft_rank_one(soft):
    assert soft(np.array([3.0, 0.0, 0.0])) == pytest.approx(1.0, rel=1e-14)


@pytest.mark.parametrize("soft", SOFT)
def test_soft_ranks_do_not_depend_on_scale_or_order(soft):
    values = np.random.default_rng(0).random(9)
    assert soft(1e5 * values[::-1]) == pytest.approx(soft(values), rel=1e-12)


@pytest.mark.parametrize("soft", SOFT)
def test_soft_ranks_lie_between_one_and_the_rank(soft):
    spectra = np.random.default_rng(1).random((50, 6))
    assert np.all((soft(spectra) >= 1) & (soft(spectra) <= 6))


@pytest.mark.parametrize("soft", SOFT)
def test_a_zero_spectrum_has_no_soft_rank_and_rank_zero(soft):
    assert np.isnan(soft(np.zeros(4)))
    assert ranks.numerical_rank(np.zeros(4), 1e-3) == 0


def test_soft_ranks_follow_their_formulas():
    s = np.array([4.0, 2.0, 1.0])
    assert ranks.stable_rank(s) == pytest.approx(21 / 16)
    assert ranks.participation_ratio(s) == pytest.approx(21**2 / (256 + 16 + 1))
    p, q = s / 7, s**2 / 21
    assert ranks.effective_rank(s) == pytest.approx(np.exp(-np.sum(p * np.log(p))))
    assert ranks.effective_rank_of_eigenvalues(s) == pytest.approx(np.exp(-np.sum(q * np.log(q))))
    assert ranks.top_share(s) == pytest.approx(16 / 21)


def test_the_two_effective_ranks_differ():
    s = np.array([4.0, 2.0, 1.0])
    assert ranks.effective_rank(s) > ranks.effective_rank_of_eigenvalues(s) + 0.5


def test_exact_rank_is_that_of_numpy_on_products_of_thin_matrices():
    generator = np.random.default_rng(2)
    for rank in (1, 3, 5, 8):
        matrix = generator.normal(size=(8, rank)) @ generator.normal(size=(rank, 20))
        values = np.linalg.svd(matrix, compute_uv=False)
        found = ranks.numerical_rank(values, ranks.exact_tolerance(8, 20))
        assert found == np.linalg.matrix_rank(matrix) == rank


def test_a_numerical_rank_counts_values_above_its_tolerance_only():
    values = np.array([1.0, 0.5, 0.1, 0.0999, 1e-5])
    assert ranks.numerical_rank(values, 0.1) == 2  # a value at the tolerance does not count
    assert ranks.numerical_rank(values, 0.09) == 4
    assert ranks.numerical_rank(1e9 * values, 0.09) == 4


def test_energy_rank_is_the_least_number_of_directions_that_hold_the_share():
    values = np.sqrt(np.array([1.0, 6.0, 3.0]))
    assert [int(ranks.energy_rank(values, share)) for share in (0.5, 0.6, 0.7, 0.9, 1.0)] == [
        1,
        1,
        2,
        2,
        3,
    ]
    assert ranks.energy_rank(np.zeros(3), 0.9) == 0


def test_a_stack_of_spectra_gives_what_each_gives_alone():
    spectra = np.random.default_rng(3).random((4, 5, 6))
    for soft in SOFT:
        assert soft(spectra)[2, 3] == pytest.approx(float(soft(spectra[2, 3])), rel=1e-13)
    assert ranks.numerical_rank(spectra, 0.3)[1, 1] == ranks.numerical_rank(spectra[1, 1], 0.3)
