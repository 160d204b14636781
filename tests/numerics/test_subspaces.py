import numpy as np
import pytest
from scipy import linalg

from rankscope.numerics import subspaces


@pytest.fixture
def generator():
    return np.random.default_rng(3)


def orthonormal(generator, size, count):
    return np.linalg.qr(generator.standard_normal((size, count)))[0]


def test_cosines_of_a_space_with_itself_are_one(generator):
    basis = orthonormal(generator, 9, 4)
    np.testing.assert_allclose(subspaces.cosines(basis, basis), 1.0)


def test_cosines_of_orthogonal_spaces_are_zero(generator):
    basis = orthonormal(generator, 9, 6)
    np.testing.assert_allclose(subspaces.cosines(basis[:, :3], basis[:, 3:]), 0.0, atol=1e-15)


def test_cosines_are_those_of_scipy_subspace_angles(generator):
    first, second = orthonormal(generator, 12, 3), orthonormal(generator, 12, 5)
    angles = linalg.subspace_angles(first, second)
    np.testing.assert_allclose(subspaces.cosines(first, second), np.cos(angles[::-1]))


def test_cosines_do_not_depend_on_the_bases_of_the_spaces(generator):
    first, second = orthonormal(generator, 12, 3), orthonormal(generator, 12, 3)
    turned = first @ orthonormal(generator, 3, 3)
    np.testing.assert_allclose(
        subspaces.cosines(turned, second), subspaces.cosines(first, second), atol=1e-12
    )


def test_cosines_of_a_stack_are_those_of_its_members(generator):
    first = np.stack([orthonormal(generator, 8, 2) for _ in range(3)])
    second = np.stack([orthonormal(generator, 8, 4) for _ in range(3)])
    each = [subspaces.cosines(a, b) for a, b in zip(first, second, strict=True)]
    np.testing.assert_array_equal(subspaces.cosines(first, second), each)


def test_overlap_of_a_vector_in_the_space_is_one_and_outside_zero():
    basis = np.eye(5)[:, :2]
    vectors = np.array([[3.0, -4.0, 0, 0, 0], [0, 0, 1.0, 2.0, 3.0]])
    np.testing.assert_allclose(subspaces.overlap(vectors, basis), [1.0, 0.0])


def test_overlap_is_the_length_of_the_projection(generator):
    basis, vector = orthonormal(generator, 10, 3), generator.standard_normal(10)
    projected = basis @ basis.T @ vector
    expected = np.linalg.norm(projected) / np.linalg.norm(vector)
    assert subspaces.overlap(vector, basis) == pytest.approx(expected)
    assert subspaces.overlap(-7 * vector, basis) == pytest.approx(expected)


def test_overlap_of_a_zero_vector_is_undefined():
    assert np.isnan(subspaces.overlap(np.zeros(4), np.eye(4)[:, :2]))


def test_overlap_of_a_random_vector_is_root_of_the_share_of_dimensions(generator):
    vectors = generator.standard_normal((4000, 20))
    squared = subspaces.overlap(vectors, np.eye(20)[:, :5]) ** 2
    error = squared.std() / np.sqrt(len(squared))
    assert abs(squared.mean() - 0.25) < 4 * error


def test_subspace_similarity_is_the_double_loop_over_leading_columns(generator):
    first, second = orthonormal(generator, 11, 4), orthonormal(generator, 11, 6)
    found = subspaces.subspace_similarity(first, second)
    for i in range(1, 5):
        for j in range(1, 7):
            inner = first[:, :i].T @ second[:, :j]
            assert found[i - 1, j - 1] == pytest.approx((inner**2).sum() / min(i, j))


def test_subspace_similarity_of_a_basis_with_itself_is_one_on_the_diagonal(generator):
    basis = orthonormal(generator, 11, 4)
    np.testing.assert_allclose(np.diag(subspaces.subspace_similarity(basis, basis)), 1.0)
