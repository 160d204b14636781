import itertools

import numpy as np
import pytest

from rankscope.studies.eigenspace_alignment import effective_spectrum
from rankscope.studies.eigenspace_alignment.mixture.theory import exchangeable
from rankscope.studies.eigenspace_alignment.nodes import root

SNR, PHI = 40.0, 6.0


def closed(k):
    """Return nodes that are closed under permutations of the classes after the first."""
    generator = np.random.default_rng(0)
    draws = generator.standard_normal((40, 2 * k)) / np.sqrt(SNR)
    inputs = np.concatenate([draws + np.pad(centre, (0, k)) for centre in np.eye(k)])
    logit = 2 * inputs[:, 0] + inputs[:, k] - 0.3 * inputs[:, 1:k].sum(axis=1)
    weights = 0.1 + 1 / (1 + np.exp(-logit))
    orders = [[0, *order] for order in itertools.permutations(range(1, k))]
    columns = [[*order, *(k + index for index in order)] for order in orders]
    return np.tile(weights, len(orders)), np.concatenate([inputs[:, order] for order in columns])


@pytest.mark.parametrize("k", [2, 3, 4])
def test_sectors_give_the_spectrum_of_nodes_that_are_closed_under_permutations(k):
    weights, inputs = closed(k)
    found = exchangeable.spectrum(weights, inputs, SNR, PHI, 2 * k)
    whole = effective_spectrum.spectrum(weights, inputs, SNR, PHI, 2 * k)
    assert len(whole.outliers) >= k
    assert found.edge == pytest.approx(whole.edge)
    np.testing.assert_allclose(found.outliers, whole.outliers, rtol=1e-5)
    own = np.zeros(2 * k)
    own[[0, k]] = 1.0, 0.5
    assert found.overlap(own, k) == pytest.approx(whole.overlap(own, k), rel=1e-4)
    if k < 4:  # where eigenvalues coincide, nodes find the same vector for each
        cosine = whole.smallest_cosine(k, k)
        assert found.smallest_cosine(k, k) == pytest.approx(cosine, rel=1e-4)


def test_without_the_contrasts_outliers_would_be_missing():
    weights, inputs = closed(4)
    found = exchangeable.spectrum(weights, inputs, SNR, PHI, 8)
    fixed = inputs @ exchangeable.fixed(4)
    alone = effective_spectrum.spectrum(weights, fixed, SNR, PHI, 8)
    assert len(alone.outliers) < len(found.outliers)


def test_bases_of_the_sectors_are_orthonormal_together():
    joint = np.concatenate(
        [exchangeable.fixed(5), np.kron(np.eye(2), exchangeable.contrasts(5))], axis=1
    )
    np.testing.assert_allclose(joint.T @ joint, np.eye(10), atol=1e-12)


def test_the_symmetric_part_is_the_average_over_permutations():
    matrix = np.random.default_rng(1).standard_normal((2, 3, 3))
    orders = [list(order) for order in itertools.permutations(range(3))]
    mean = np.mean([matrix[:, order][:, :, order] for order in orders], axis=0)
    np.testing.assert_allclose(exchangeable.symmetric(matrix), mean)
    # a root of it is permuted as it is, so that coordinates along it are exchangeable
    square = exchangeable.symmetric(matrix @ np.swapaxes(matrix, 1, 2))[0]
    np.testing.assert_allclose(root(square), exchangeable.symmetric(root(square)), atol=1e-12)
