import numpy as np
import pytest

from rankscope.evidence import results
from rankscope.numerics import adapters, random_bases
from rankscope.planning import parameters
from rankscope.studies.randlora.update import spectra
from rankscope.studies.randlora.update.parameters import Parameters

UPDATE = {"rows": 20, "columns": 16, "rank": 4}


@pytest.mark.parametrize("kind", ["normal", "uniform", "binary", "ternary"])
@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_the_moments_of_an_update_are_their_expectations(both, kind, spread):
    zeros = 0.5 if kind == "ternary" else 0.0
    simulated, predicted = both(
        "update", 20, **UPDATE, distribution=kind, sparsity=zeros, gamma_spread=spread, draws=20
    )
    for name in ("second_moment", "fourth_moment"):
        values = simulated[name]
        assert float(values.mean()) == pytest.approx(
            float(predicted[name]), abs=5 * float(values.std()) / np.sqrt(20)
        )


def test_a_wrong_kurtosis_would_be_noticed(both):
    simulated, _ = both("update", 20, **UPDATE, distribution="binary", gamma_spread=1.0, draws=20)
    _, wrong = both(
        "update", 1, **UPDATE, distribution="ternary", sparsity=0.8, gamma_spread=1.0, draws=1
    )
    values = simulated.fourth_moment
    gap = abs(float(values.mean() - wrong.fourth_moment))
    assert gap > 5 * float(values.std()) / np.sqrt(20)


@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_with_equal_gammas_the_rank_is_r_and_with_others_it_is_full(both, kind):
    update = {**UPDATE, "distribution": kind, "draws": 2}
    equal, predicted = both("update", **update, gamma_spread=0.0)
    assert (equal.numerical_rank == 4).all()
    assert float(predicted.numerical_rank) == 4
    for spread in (0.1, 1.0):
        different, predicted = both("update", **update, gamma_spread=spread)
        assert (different.numerical_rank == 16).all()
        assert float(predicted.numerical_rank) == 16


@pytest.mark.parametrize("kind", ["normal", "uniform", "binary"])
def test_every_block_of_dense_bases_has_rank_r(kind):
    generator = np.random.default_rng(3)
    base = random_bases.draw(generator, (4, 64), kind)
    for matrix in random_bases.draw(generator, (16, 80, 4), kind):
        diagonals = generator.standard_normal((1, 4)), generator.standard_normal((1, 64))
        left, right = adapters.randlora_factors(matrix[None], diagonals[0], base, diagonals[1])
        assert np.linalg.matrix_rank(left @ right) == 4


def test_sparse_bases_lose_the_empty_columns(both):
    sparse = {"distribution": "ternary", "sparsity": 0.66, "gamma_spread": 1.0}
    simulated, predicted = both("update", 20, **UPDATE, **sparse, draws=10)
    ranks, expected = simulated.numerical_rank, float(predicted.numerical_rank)
    assert expected == pytest.approx(16 * (1 - 0.66**4), abs=0.1)
    assert float(ranks.mean()) == pytest.approx(expected, abs=5 * float(ranks.std()) / np.sqrt(20))


def test_among_many_directions_only_empty_columns_are_lost(both):
    sparse = {"distribution": "ternary", "sparsity": 0.66, "gamma_spread": 1.0}
    _, predicted = both("update", 1, rows=256, columns=192, rank=8, **sparse, draws=1)
    assert float(predicted.numerical_rank) == pytest.approx(192 * (1 - 0.66**8), rel=1e-9)


@pytest.mark.parametrize(("rank", "size"), [(2, 12), (3, 12), (4, 16)])
def test_binary_bases_lose_the_columns_that_share_a_direction(both, rank, size):
    shape = {"rows": 20, "columns": size, "rank": rank, "distribution": "binary"}
    simulated, predicted = both("update", 20, **shape, gamma_spread=1.0, draws=20)
    ranks, expected = simulated.numerical_rank, float(predicted.numerical_rank)
    assert expected < size - 0.1
    assert float(ranks.mean()) == pytest.approx(expected, abs=5 * float(ranks.std()) / np.sqrt(20))


def test_two_directions_split_the_columns_by_a_coin(both):
    _, predicted = both(
        "update", 1, rows=9, columns=4, rank=2, distribution="binary", gamma_spread=1.0, draws=1
    )
    # of four columns, two directions hold two each: 4, 3 + 1 -> 3, 4 + 0 -> 2
    assert float(predicted.numerical_rank) == pytest.approx((6 * 4 + 8 * 3 + 2 * 2) / 16)


def test_bases_without_a_single_entry_have_no_spectrum(both):
    sparse = {"distribution": "ternary", "sparsity": 0.999, "gamma_spread": 1.0, "draws": 1}
    simulated, _ = both("update", 2, rows=2, columns=2, rank=1, **sparse)
    assert (simulated.numerical_rank == 0).all()
    assert simulated.spectrum.isnull().all()


def test_the_gaussian_nulls_are_those_of_gaussian_matrices(both):
    shape = {"rows": 120, "columns": 90}
    _, predicted = both("update", 1, **shape, rank=9, gamma_spread=1.0, draws=1)
    values = np.linalg.svd(
        np.random.default_rng(1).standard_normal((20, 120, 90)), compute_uv=False
    )
    second, fourth = (values**2).sum(axis=1).mean(), (values**4).sum(axis=1).mean()
    stable = ((values**2).sum(axis=1) / values.max(axis=1) ** 2).mean()
    assert stable == pytest.approx(float(predicted.gaussian_stable_rank), rel=0.05)
    ratio = fourth / second**2 * float(predicted.second_moment**2 / predicted.fourth_moment)
    assert ratio == pytest.approx(float(predicted.gaussian_ratio), rel=0.01)


def test_the_spectra_across_papers_are_those_of_the_widest_update(both):
    points = {}
    for columns in (8, 16):
        for spread in (0.0, 1.0):
            values = {**UPDATE, "columns": columns, "gamma_spread": spread, "draws": 1}
            point = parameters.build(Parameters, values, "test")
            points[str(point)] = parameters.as_dict(point), *both("update", **values)
    equal, different = spectra.spectra(results.of(points))
    assert equal.shape == different.shape == (20, 16)
    assert (np.count_nonzero(equal.values > 1e-9, axis=1) == 4).all()
    assert (np.count_nonzero(different.values > 1e-9, axis=1) == 16).all()
