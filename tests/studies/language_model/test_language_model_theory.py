"""The nulls and counts, against other routes."""

import numpy as np
import pytest

from rankscope.numerics import adapter_probes, adapters, low_rank, subspaces
from rankscope.studies.language_model import theory
from rankscope.studies.language_model.parameters import Run


@pytest.fixture(scope="module")
def point(build):
    return build(runs="head+full.qu+lora-8.qud+randlora-100.d+vera-16.u", targets="q")


def test_numbers_of_parameters_are_the_sizes_of_the_tensors(point):
    h, m, r = 384, 1536, 100
    bases = adapters.randlora_number_of_bases(h, m, r)
    expected = [0, h * h + m * h, 8 * 2 * h + 2 * 8 * (h + m), bases * (r + h), 16 + m]
    found = [theory.count_parameters(run, point) for run in point.run_list()]
    assert found == expected


def test_rank_bounds(point):
    bounds = theory.predict(point).rank_bound
    assert np.isnan(bounds.sel(run="head")).all()
    assert bounds.sel(run="lora-8.qud", matrix="5.d") == 8
    assert bounds.sel(run="randlora-100.d", matrix="5.d") == 384
    assert np.isnan(bounds.sel(run="vera-16.u", matrix="5.q"))


def test_phi_of_random_directions_has_the_mean_and_spread_of_the_closed_form():
    generator = np.random.default_rng(0)
    draws = np.array(
        [
            subspaces.subspace_similarity(*low_rank.random_frame(generator, (2, 96, 16)))
            for _ in range(400)
        ]
    )
    mean, deviation = theory.phi_mean(np.array([96.0])), theory.phi_deviation(np.array([96.0]))
    for i in (1, 4, 16):
        sample, expected = draws[:, i - 1, i - 1], deviation[i - 1]
        assert abs(sample.mean() - mean[i - 1]) < 4 * expected / np.sqrt(400)
        assert abs(sample.std() / expected - 1) < 0.2, i
        assert abs(sample.mean() - i**2 / 96) > 10 * expected / np.sqrt(400) or i == 1


def test_the_null_of_phi_equals_that_of_the_probe_by_another_derivation():
    i = np.arange(1, 65)
    width = np.array([384.0])
    np.testing.assert_allclose(
        theory.phi_mean(width), adapter_probes.similarity_null(384, i, i), rtol=1e-12
    )
    np.testing.assert_allclose(
        theory.phi_deviation(width), adapter_probes.similarity_null_sd(384, i, i), rtol=1e-10
    )


def test_the_match_of_a_random_direction_tends_to_that_of_the_exact_moments():
    for width in (96, 384, 1536):
        exact, _ = adapter_probes.random_match(width, width)
        found = theory.match_of_random_direction(width, width)
        off = exact / found - 1
        assert 0 < off < np.log(width) / width, "small and of one sign, as documented"


def test_captured_base_weight_is_that_of_random_frames(point):
    generator = np.random.default_rng(1)
    base = generator.standard_normal((384, 384))
    found = [
        np.linalg.norm(u.T @ base @ v) ** 2
        for u, v in (low_rank.random_frame(generator, (2, 384, 8)) for _ in range(100))
    ]
    null = float(theory.predict(point).captured_null.sel(matrix="5.q", probed_rank=8))
    expected = (null * np.linalg.norm(base)) ** 2
    assert abs(np.mean(found) - expected) < 4 * np.std(found) / 10


def test_a_run_that_trains_nothing_counts_nothing(point):
    assert theory.count_parameters(Run.parse("head", "qkvo"), point) == 0
