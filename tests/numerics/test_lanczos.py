"""Leading directions by Lanczos against full decompositions, and the bound on atoms."""

import numpy as np
import pytest

from rankscope.numerics import lanczos, low_rank
from rankscope.probe import matching


def power_law(generator, rows, columns, exponent=0.5):
    count = min(rows, columns)
    left = low_rank.random_frame(generator, (rows, count))
    right = low_rank.random_frame(generator, (columns, count))
    return (left * np.arange(1, count + 1) ** -exponent) @ right.T


@pytest.mark.parametrize("shape", [(60, 90), (90, 60), (8, 90)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_leading_directions_with_and_without_an_update_are_those_of_a_full_decomposition(
    shape, order
):
    generator = np.random.default_rng(0)
    matrix = np.array(power_law(generator, *shape), order=order)
    update = generator.standard_normal((shape[0], 3)), generator.standard_normal((shape[1], 3))
    found = lanczos.leading_left(matrix, [None, update], [5, 4], generator)
    for one, dense in zip(found, (matrix, matrix + update[0] @ update[1].T), strict=True):
        left, values, _ = np.linalg.svd(dense)
        count = len(one.values)
        np.testing.assert_allclose(one.values, values[:count], rtol=1e-6)
        np.testing.assert_allclose(abs((one.left * left[:, :count]).sum(axis=0)), 1, atol=1e-6)
        np.testing.assert_allclose(one.left.T @ one.left, np.eye(count), atol=1e-6)


@pytest.mark.parametrize("shape", [(60, 90), (90, 60), (8, 90)])
def test_the_products_of_torch_give_the_same_directions(shape):
    pytest.importorskip("torch")
    generator = np.random.default_rng(0)
    matrix = power_law(generator, *shape)
    update = generator.standard_normal((shape[0], 3)), generator.standard_normal((shape[1], 3))
    one, other = (
        lanczos.leading_left(
            matrix, [None, update], [5, 4], np.random.default_rng(1), device=device
        )
        for device in (None, "cpu")
    )
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(mine.values, theirs.values, rtol=1e-10)
        np.testing.assert_allclose(mine.left, theirs.left, atol=1e-8)


def test_a_rotated_matrix_has_the_same_singular_values_and_other_directions():
    generator = np.random.default_rng(5)
    matrix = power_law(generator, 70, 90, 1.0)
    turned = matching.rotated(matrix, generator)
    values = [np.linalg.svd(one, compute_uv=False) for one in (matrix, turned)]
    np.testing.assert_allclose(*values, rtol=1e-10)
    cosine = np.linalg.svd(matrix)[0][:, 0] @ np.linalg.svd(turned)[0][:, 0]
    assert abs(cosine) < 4 / np.sqrt(70)


def test_a_stop_before_convergence_shows_in_the_residuals():
    generator = np.random.default_rng(1)
    matrix = generator.standard_normal((300, 300))
    (found,) = lanczos.leading_left(matrix, [None], [5], generator, most_steps=10)
    assert found.residuals.max() > 1e-3
    gram = matrix.T @ matrix
    right = matrix.T @ found.left[:, 0]
    right /= np.linalg.norm(right)
    true = np.linalg.norm(gram @ right - found.values[0] ** 2 * right) / found.values[0] ** 2
    assert true == pytest.approx(found.residuals[0], rel=0.5)


@pytest.mark.parametrize("steps", [4, 12, 40])
def test_no_atom_exceeds_its_bound_and_the_bound_falls_with_the_steps(steps):
    generator = np.random.default_rng(2)
    matrix = generator.standard_normal((80, 80))
    basis = np.linalg.svd(matrix)[0]
    vectors = low_rank.random_frame(generator, (80, 6))
    vectors[:, 0] = basis[:, 30]  # one that is a base direction
    vectors[:, 1] = (basis[:, 30] + basis[:, 50]) / np.sqrt(2)
    atoms = ((basis.T @ vectors) ** 2).max(axis=0)
    bounds = lanczos.largest_atom(matrix, vectors, steps)
    assert (bounds >= atoms - 1e-9).all()
    assert bounds[0] == pytest.approx(1)
    if steps == 40:
        assert (bounds[2:] < 0.25).all()


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("norm", [0.1, 1.0, 5.0])
def test_the_best_match_lies_between_what_is_found_and_its_bound(exponent, norm):
    generator = np.random.default_rng(3)
    base = power_law(generator, 120, 90, exponent)
    if exponent == 0:
        base = generator.standard_normal((120, 90)) / 20
    update = low_rank.LowRankSvd(
        low_rank.random_frame(generator, (120, 4)),
        norm * np.array([1, 0.8, 0.5, 0.2]),
        low_rank.random_frame(generator, (90, 4)),
    )
    (found,) = matching.matches(base, [update], 8, 0.5, generator)
    left = np.linalg.svd(base + update.dense())[0][:, :8]
    best = abs(np.linalg.svd(base, full_matrices=False)[0].T @ left).max(axis=0)
    assert (found.lower <= best + 1e-4).all()
    assert (found.upper >= best - 1e-4).all()
