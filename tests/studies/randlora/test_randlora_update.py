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
        block = adapters.randlora_delta_weight(matrix[None], diagonals[0], base, diagonals[1])
        assert np.linalg.matrix_rank(block) == 4


def test_sparse_bases_lose_the_empty_columns(both):
    sparse = {"distribution": "ternary", "sparsity": 0.66}
    simulated, predicted = both("update", 20, **UPDATE, **sparse, gamma_spread=1.0, draws=10)
    ranks = simulated.numerical_rank
    assert float(predicted.numerical_rank) == pytest.approx(16 * (1 - 0.66**4))
    assert float(ranks.mean()) == pytest.approx(float(predicted.numerical_rank), abs=0.5)


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
