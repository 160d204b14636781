import numpy as np
import pytest

from rankscope.numerics import model_shapes, product_fit, reduced_rank, targets


@pytest.fixture
def generator():
    return np.random.default_rng(13)


def test_least_squares_is_that_of_numpy(generator):
    x, y = generator.normal(size=(30, 6)), generator.normal(size=(30, 8))
    ours, upper = reduced_rank.least_squares(x, y)
    np.testing.assert_allclose(ours.T, np.linalg.lstsq(x, y, rcond=None)[0], atol=1e-12)
    np.testing.assert_allclose(upper.T @ upper, x.T @ x, atol=1e-10)


def test_the_path_is_reduced_rank_regression_rank_by_rank(generator):
    x, truth = generator.normal(size=(30, 6)), generator.normal(size=(8, 6))
    y = x @ truth.T + generator.normal(size=(30, 8))
    coefficients, upper = reduced_rank.least_squares(x, y)
    path = reduced_rank.path(coefficients, upper, truth)
    fitted = x @ coefficients.T
    directions = np.linalg.svd(fitted)[2]
    for rank in range(7):
        projected = directions[:rank].T @ directions[:rank] @ coefficients
        assert path[rank] == pytest.approx(np.sum((projected - truth) ** 2), rel=1e-10)


def test_without_noise_the_true_rank_is_found_exactly(generator):
    truth = targets.draw(generator, (8, 6), "flat", 3, 0.0).dense()
    x = generator.normal(size=(30, 6))
    path = reduced_rank.path(*reduced_rank.least_squares(x, x @ truth.T), truth)
    assert path[0] == pytest.approx(1.0)
    assert abs(path[3]) < 1e-12


@pytest.mark.parametrize("kind", targets.KINDS)
def test_targets_have_unit_norm_and_the_spectrum_asked_for(generator, kind):
    target = targets.draw(generator, (40, 30), kind, 5, 1.0)
    norm = np.linalg.norm(target.dense())
    assert norm == pytest.approx(1.0, abs=0.1 if kind == "gaussian" else 1e-12)
    if kind == "power":
        np.testing.assert_allclose(target.singular_values[0] / target.singular_values[4], 5)


def test_a_gaussian_target_has_no_prescribed_singular_values():
    with pytest.raises(ValueError, match="gaussian"):
        targets.singular_values("gaussian", 3, 0.0)


def test_one_layer_reaches_eckart_and_young(generator):
    weights, target = generator.normal(size=(1, 5, 5)), generator.normal(size=(5, 5))
    found = product_fit.fit(weights, target, 2, generator, starts=2)
    tail = np.linalg.svd(target - weights[0], compute_uv=False)[2:]
    assert found.error == pytest.approx(np.linalg.norm(tail), rel=1e-6)


def test_more_rank_over_the_layers_than_width_leaves_no_error(generator):
    weights, target = generator.normal(size=(2, 4, 4)), generator.normal(size=(4, 4))
    assert product_fit.fit(weights, target, 2, generator, starts=2).error < 1e-2


def test_gpt3_has_its_printed_number_of_parameters_up_to_embeddings():
    model = model_shapes.MODELS["gpt3-175b"]
    counted = sum(rows * columns for rows, columns in model_shapes.adapted(model, "all"))
    assert counted == pytest.approx(model.parameters, rel=0.01)


@pytest.mark.parametrize("name", [n for n in model_shapes.MODELS if n != "gpt3-175b"])
def test_a_models_matrices_hold_most_of_its_parameters(name):
    model = model_shapes.MODELS[name]
    counted = sum(rows * columns for rows, columns in model_shapes.adapted(model, "all"))
    assert 0.65 < counted / model.parameters < 1.01
