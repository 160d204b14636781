import numpy as np
import pytest

from rankscope.studies.lora import spectral_laws


def test_noise_has_the_singular_values_of_a_drawn_matrix():
    generator = np.random.default_rng(2)
    draws = [
        np.linalg.svd(generator.normal(size=(40, 60)), compute_uv=False) ** 2 for _ in range(50)
    ]
    expected = spectral_laws.noise((40, 60))
    assert expected.sum() == pytest.approx(40 * 60, rel=1e-3)
    np.testing.assert_allclose(np.mean(draws, axis=0)[:30], expected[:30], rtol=0.04)


def test_a_square_gaussian_matrix_has_singular_values_too():
    expected = spectral_laws.noise((50, 50))
    assert expected.sum() == pytest.approx(2500, rel=1e-3)
    assert expected[0] < 200
    assert (np.diff(expected) < 0).all()


def test_noise_does_not_depend_on_which_side_is_smaller():
    np.testing.assert_array_equal(spectral_laws.noise((7, 5)), spectral_laws.noise((5, 7)))


def test_a_flat_spectrum_is_a_power_law_of_exponent_zero():
    np.testing.assert_array_equal(spectral_laws.power_law(4, 0.0), np.full(4, 0.25))
    np.testing.assert_allclose(spectral_laws.power_law(3, 1.0), np.array([36, 9, 4]) / 49)


def test_tails_end_at_zero_and_stay_there():
    np.testing.assert_allclose(spectral_laws.tails(np.array([3.0, 1.0]), 4), [1, 0.25, 0, 0, 0])


def test_the_spiked_law_of_a_square_matrix_is_theta_plus_its_inverse():
    value, left, right = spectral_laws.spiked(np.array([0.5, 2.0]), 1.0)
    np.testing.assert_allclose(value, [2.0, 2.5])
    np.testing.assert_allclose(left, [0.0, 0.75])
    np.testing.assert_allclose(right, left)
