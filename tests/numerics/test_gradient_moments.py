import numpy as np
import pytest

from rankscope.numerics import dense_networks, gradient_moments, subspaces
from rankscope.numerics.activations import ACTIVATIONS

SAMPLES, CLASSES = 12, 3


@pytest.fixture
def network():
    generator = np.random.default_rng(4)
    weights = dense_networks.draw(5, 6, 2, CLASSES, (2.0, 1.0), generator)
    inputs = generator.standard_normal((SAMPLES, 5))
    return weights, dense_networks.forward(weights, inputs, ACTIVATIONS["tanh"])


@pytest.fixture
def gradients(network):
    weights, passed = network
    errors = passed.probabilities - np.eye(CLASSES)[np.arange(SAMPLES) % CLASSES]
    return gradient_moments.Gradients(
        dense_networks.backward(weights, passed.slopes, errors), passed.features
    )


def explicit(gradients):
    """All gradients written out, one row per sample."""
    pairs = zip(gradients.errors, gradients.features, strict=True)
    return np.concatenate(
        [np.einsum("mi,mj->mij", e, f).reshape(len(e), -1) for e, f in pairs], axis=1
    )


def test_the_spectrum_is_that_of_the_matrix_written_out(gradients):
    rows = explicit(gradients)
    matrix = rows.T @ rows / SAMPLES
    pairs = gradient_moments.spectrum(gradients.grams().sum(axis=0), 5)
    np.testing.assert_allclose(pairs.values, np.linalg.eigvalsh(matrix)[::-1][:5], rtol=1e-10)


def test_blocks_are_those_of_single_layers(gradients):
    for layer, gram in enumerate(gradients.grams()):
        e, f = gradients.errors[layer], gradients.features[layer]
        rows = np.einsum("mi,mj->mij", e, f).reshape(SAMPLES, -1)
        np.testing.assert_allclose(gram, rows @ rows.T / SAMPLES)


def test_the_gauss_newton_matrix_is_that_of_jacobians(network):
    weights, passed = network
    factors = gradient_moments.curvature_errors(passed.probabilities)
    jacobian = np.stack(
        [
            explicit(
                gradient_moments.Gradients(
                    dense_networks.backward(
                        weights, passed.slopes, np.tile(np.eye(CLASSES)[c], (SAMPLES, 1))
                    ),
                    passed.features,
                )
            )
            for c in range(CLASSES)
        ],
        axis=1,
    )
    p = passed.probabilities
    inner = np.einsum("mc,cd->mcd", p, np.eye(CLASSES)) - p[:, :, None] * p[:, None, :]
    expected = np.einsum("mca,mcd,mdb->ab", jacobian, inner, jacobian)
    virtual = np.einsum("mvc,mca->mva", factors, jacobian).reshape(-1, jacobian.shape[-1])
    np.testing.assert_allclose(virtual.T @ virtual, expected, atol=1e-12)


def test_a_share_is_that_of_the_projection_written_out(gradients):
    rows = explicit(gradients)
    generator = np.random.default_rng(2)
    direction = [
        generator.standard_normal((e.shape[1], f.shape[1]))
        for e, f in zip(gradients.errors, gradients.features, strict=True)
    ]
    flat = np.concatenate([one.ravel() for one in direction])
    basis = np.linalg.eigh(rows.T @ rows)[1][:, -4:]
    pairs = gradient_moments.spectrum(gradients.grams().sum(axis=0), 4)
    share = gradient_moments.share_inside(
        pairs, gradients.inner(direction).sum(axis=0), float(flat @ flat), 4
    )
    assert share == pytest.approx(float(subspaces.overlap(flat, basis)) ** 2)


def test_a_gradient_of_the_matrix_lies_inside_all_of_them(gradients):
    own = dense_networks.gradients(
        [f[:1] for f in gradients.features], [e[:1] for e in gradients.errors]
    )
    pairs = gradient_moments.spectrum(gradients.grams().sum(axis=0), SAMPLES)
    square = sum(float((one**2).sum()) for one in own)
    inner = gradients.inner(own).sum(axis=0)
    assert gradient_moments.share_inside(pairs, inner, square, SAMPLES) == pytest.approx(1.0)
    assert gradient_moments.share_inside(pairs, inner, square, 1) < 0.99


def test_no_direction_has_no_share(gradients):
    pairs = gradient_moments.spectrum(gradients.grams().sum(axis=0), 2)
    assert np.isnan(gradient_moments.share_inside(pairs, np.zeros(SAMPLES), 0.0, 2))


def test_the_gap_is_found_where_it_is():
    values = np.array([9.0, 8.0, 7.0, 1.0, 0.9, 0.8, 0.01])
    assert gradient_moments.outliers_by_gap(values, 5) == 3
    assert gradient_moments.outliers_by_gap(values, 6) == 6
    assert gradient_moments.outliers_by_gap(np.array([1.0, 1.0, 0.0, 0.0]), 3) == 2
    assert gradient_moments.outliers_by_gap(np.zeros(4), 3) == 0


def test_the_edge_is_that_of_gradients_without_their_groups_means(gradients):
    groups = np.arange(SAMPLES) % CLASSES
    rows = explicit(gradients)
    for group in range(CLASSES):
        rows[groups == group] -= rows[groups == group].mean(axis=0)
    expected = np.linalg.norm(rows, 2) ** 2 / SAMPLES
    gram = gradients.grams().sum(axis=0)
    edge = gradient_moments.within_edge(gram, groups)
    assert edge == pytest.approx(expected, rel=1e-6)
    assert (np.linalg.eigvalsh(gram) > edge).sum() <= CLASSES


def test_leading_directions_are_the_eigenvectors_written_out(gradients):
    rows = explicit(gradients)
    basis = gradient_moments.leading_directions(gradients, 3)
    flat = np.concatenate([b.reshape(3, -1) for b in basis], axis=1)
    expected = np.linalg.eigh(rows.T @ rows)[1][:, :-4:-1]
    np.testing.assert_allclose(np.abs(flat @ expected), np.eye(3), atol=1e-9)


def test_the_gram_matrix_of_the_whole_is_the_sum_of_the_layers(gradients):
    np.testing.assert_allclose(gradients.gram(), gradients.grams().sum(axis=0), rtol=1e-12)


def flat_random(generator, count=3):
    basis = gradient_moments.random_directions(generator, [(6, 5), (4, 6)], count)
    assert [b.shape for b in basis] == [(count, 6, 5), (count, 4, 6)]
    return np.concatenate([b.reshape(count, -1) for b in basis], axis=1)


def test_random_directions_are_orthonormal_and_hold_their_share_of_any_direction():
    generator = np.random.default_rng(5)
    direction = np.arange(54.0) / np.linalg.norm(np.arange(54.0))
    shares = []
    for _ in range(400):
        flat = flat_random(generator)
        shares.append(((flat @ direction) ** 2).sum())
    np.testing.assert_allclose(flat @ flat.T, np.eye(3), atol=1e-5)
    # beta(3/2, 51/2), within five standard errors; the count of layers over it would be another
    error = np.sqrt(2 * 3 * 51 / (54**2 * 56) / 400)
    assert abs(np.mean(shares) - 3 / 54) < 5 * error
    assert abs(np.mean(shares) - 2 / 54) > 5 * error


def test_the_part_inside_is_that_of_the_projection(gradients):
    basis = gradient_moments.leading_directions(gradients, 3)
    generator = np.random.default_rng(8)
    direction = [generator.standard_normal(b.shape[1:]) for b in basis]
    part = gradient_moments.inside(direction, basis)
    rest = [u - p for u, p in zip(direction, part, strict=True)]
    for none in gradient_moments.inside(rest, basis):
        np.testing.assert_allclose(none, 0, atol=1e-12)
    assert sum((p**2).sum() for p in part) > 0.001


LABELS = np.arange(SAMPLES) % CLASSES


@pytest.fixture
def virtual(network):
    """Virtual gradients of the Gauss-Newton matrix, written out, and the probabilities."""
    weights, passed = network
    rows = []
    for c in range(CLASSES):
        errors = passed.probabilities - np.eye(CLASSES)[c]
        backward = dense_networks.backward(weights, passed.slopes, errors)
        rows.append(explicit(gradient_moments.Gradients(backward, passed.features)))
    return np.stack(rows, axis=1), passed.probabilities


def written_out(rows, p):
    """The three parts of the matrix, by loops over classes and outputs."""
    means, masses = {}, {}
    whole = sum(
        p[i, c] * np.outer(*[rows[i, c]] * 2) for i in range(SAMPLES) for c in range(CLASSES)
    )
    for y in range(CLASSES):
        own = np.flatnonzero(y == LABELS)
        for c in range(CLASSES):
            masses[y, c] = p[own, c].sum()
            means[y, c] = (p[own, c, None] * rows[own, c]).sum(axis=0) / masses[y, c]
    groups = sum(masses[one] * np.outer(means[one], means[one]) for one in means)
    between = 0.0
    for y in range(CLASSES):
        others = [(y, c) for c in range(CLASSES) if c != y]
        mass = sum(masses[one] for one in others)
        mean = sum(masses[one] * means[one] for one in others) / mass
        between += mass * np.outer(mean, mean)
        between += masses[y, y] * np.outer(means[y, y], means[y, y])
    return [part / SAMPLES for part in (between, groups - between, whole - groups)]


def test_class_parts_are_those_written_out(virtual):
    rows, p = virtual
    flat = (np.sqrt(p)[:, :, None] * rows).reshape(SAMPLES * CLASSES, -1)
    found = gradient_moments.class_parts(flat @ flat.T / SAMPLES, p, LABELS)
    parts = written_out(rows, p)
    traces = np.array([np.trace(part) for part in parts])
    np.testing.assert_allclose(found.shares, traces / traces.sum(), atol=1e-10)
    assert found.shares.min() > 1e-4
    values = np.linalg.eigvalsh(parts[0])[::-1]
    np.testing.assert_allclose(found.values, values[:CLASSES], atol=1e-12)
    # the class mean and the class's own output are parallel: k directions
    assert values[CLASSES] < 1e-12 * values[0]


def test_other_classes_have_other_parts(virtual):
    rows, p = virtual
    flat = (np.sqrt(p)[:, :, None] * rows).reshape(SAMPLES * CLASSES, -1)
    gram = flat @ flat.T / SAMPLES
    one, other = (
        gradient_moments.class_parts(gram, p, labels) for labels in (LABELS, LABELS[::-1])
    )
    assert np.abs(one.shares - other.shares).max() > 1e-3


def test_gradients_that_are_those_of_their_class_have_nothing_within():
    p = np.array([[0.7, 0.2, 0.1], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
    jacobian = np.random.default_rng(3).standard_normal((3, 3, 20))
    labels = np.repeat(np.arange(3), 2)
    errors = p[:, None, :] - np.eye(3)
    rows = np.einsum("ycd,ydn->ycn", errors, jacobian)[labels] * np.sqrt(p[labels])[:, :, None]
    flat = rows.reshape(18, 20)
    found = gradient_moments.class_parts(flat @ flat.T / 6, p[labels], labels)
    assert found.shares[2] == pytest.approx(0, abs=1e-12)
    assert found.shares[0] > 0.5


def test_where_nothing_is_learnt_from_there_are_no_parts():
    p = np.eye(3)[np.arange(6) % 3]
    found = gradient_moments.class_parts(np.zeros((18, 18)), p, np.arange(6) % 3)
    np.testing.assert_array_equal(found.shares, 0)
    np.testing.assert_array_equal(found.values, 0)


def test_random_directions_are_orthonormal_over_all_layers_together():
    shapes = [(3, 4), (5, 3), (2, 5)]
    parts = gradient_moments.random_directions(np.random.default_rng(2), shapes, 4)
    assert [part.shape for part in parts] == [(4, *shape) for shape in shapes]
    rows = np.concatenate([part.reshape(4, -1) for part in parts], axis=1)
    np.testing.assert_allclose(rows @ rows.T, np.eye(4), atol=1e-6)
