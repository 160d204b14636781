"""The comparison across the studies: spectra whose ranks are known."""

import figure_checks
import numpy as np
import pytest
from matplotlib.figure import Figure

from rankscope.comparison import figures, ranks
from rankscope.comparison.ranks import LOST, NEEDED, Spectrum
from rankscope.planning import code


def spectrum(values, question=LOST, shape=None):
    values = np.atleast_2d(values).astype(float)
    size = values.shape[-1]
    return "study", Spectrum(
        question=question, label="matrix", values=values, shape=shape or (size, 2 * size)
    )


def test_equal_singular_values_have_every_direction():
    (row,) = ranks.ranks_of([spectrum(np.ones(10))]).to_dict("records")
    assert row["available"] == 10
    for notion in ("stable_rank", "participation_ratio", "effective_rank", "numerical_rank"):
        assert row[notion] == pytest.approx(10)
    assert row["energy_rank"] == 9  # of ten equal directions nine hold 90 %


def test_a_matrix_of_rank_one_has_rank_one_by_every_notion():
    (row,) = ranks.ranks_of([spectrum([3.0, 0, 0, 0])]).to_dict("records")
    assert all(row[notion] == pytest.approx(1) for notion in ranks.NOTIONS)


def test_a_scale_changes_no_rank():
    values = np.geomspace(1, 0.01, 12)
    one, other = ranks.ranks_of([spectrum(values), spectrum(7 * values)]).to_dict("records")
    assert one == pytest.approx(other)


def test_noise_is_as_its_null():
    noise = np.linalg.svd(np.random.default_rng(5).normal(size=(20, 30, 60)), compute_uv=False)
    (row,) = ranks.ranks_of([spectrum(noise, shape=(30, 60))]).to_dict("records")
    for notion in ranks.NOTIONS:
        assert row[notion] == pytest.approx(row[f"null_{notion}"], rel=0.1)


def test_the_null_is_known_in_the_limit_of_large_matrices():
    # participation ratio of Gaussian p x q: p q / (p + q), from the moments of Marchenko-Pastur
    (row,) = ranks.ranks_of([spectrum(np.ones(150), shape=(150, 300))]).to_dict("records")
    assert row["null_participation_ratio"] == pytest.approx(100, rel=0.02)


def test_all_directions_hold_all_the_energy_and_one_more_never_less():
    shares = ranks.energy_held(np.geomspace(1, 0.1, 8)[::-1][None])[0]
    assert len(shares) == 8
    assert shares[-1] == pytest.approx(1)
    assert np.all(np.diff(shares) > 0)
    assert shares[0] > 1 / 8


def test_shares_of_the_energy_do_not_depend_on_the_order_and_the_scale():
    values = np.array([[1.0, 2.0, 3.0], [30.0, 20.0, 10.0]])
    first, second = ranks.energy_held(values)
    assert first == pytest.approx(second)
    assert first == pytest.approx([9 / 14, 13 / 14, 1])


@pytest.mark.parametrize("name", code.public_functions("rankscope.comparison.figures"))
@pytest.mark.parametrize(
    "spectra",
    [[], [spectrum([1.0])], [spectrum(np.ones(4)), spectrum([1.0, 0, 0], NEEDED)]],
    ids=["none", "one", "two questions"],
)
def test_figures_survive_few_spectra_and_are_legible(name, spectra):
    figure = getattr(figures, name)(spectra)
    assert isinstance(figure, Figure)
    assert figure_checks.faults(figure) == []
