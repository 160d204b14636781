"""The second moment of per-text gradients, and ranks given to matrices: exact special cases."""

import numpy as np
import pytest

from rankscope.studies.rank_budget.parameters import needed_rank
from rankscope.studies.rank_budget.simulation.allotment import allot, reversed_order
from rankscope.studies.rank_budget.simulation.gradients import Gradients, share

TEXT = np.array([0, 0, 1, 2, 2, 2, 3])
OUT, IN = 5, 4


@pytest.fixture
def random():
    generator = np.random.default_rng(1)
    return Gradients(generator.standard_normal((7, IN)), generator.standard_normal((7, OUT)), TEXT)


def dense(gradients):
    """Each text's gradient, formed."""
    return np.stack(
        [
            gradients.outputs[gradients.text == text].T @ gradients.inputs[gradients.text == text]
            for text in range(gradients.count)
        ]
    )


def test_one_text_has_one_eigenvalue_its_gradients_squared_length():
    one = Gradients(np.eye(3)[:1] * 2, np.eye(4)[1:2] * 3, np.array([0]))
    np.testing.assert_allclose(one.spectrum[0], [36.0])
    leading = one.leading(1)
    np.testing.assert_allclose(np.abs(leading["left"][:, 0]), [0, 1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(np.abs(leading["right"][:, 0]), [1, 0, 0], atol=1e-12)


def test_eigenvalues_are_those_of_the_second_moment_that_is_never_formed(random):
    flat = dense(random).reshape(4, -1)
    expected = np.linalg.eigvalsh(flat.T @ flat / 4)[::-1][:4]
    np.testing.assert_allclose(random.spectrum[0], expected)
    np.testing.assert_allclose(random.mean, dense(random).mean(axis=0))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_leading_directions_are_those_of_the_eigenvectors_as_matrices(random, count):
    flat = dense(random).reshape(4, -1)
    values, vectors = np.linalg.eigh(flat.T @ flat / 4)
    matrices = [np.sqrt(values[-j]) * vectors[:, -j].reshape(OUT, IN) for j in range(1, count + 1)]
    found = random.leading(count)
    for side, moment in {
        "left": sum(v @ v.T for v in matrices),
        "right": sum(v.T @ v for v in matrices),
    }.items():
        expected = np.linalg.eigh(moment)[1][:, ::-1][:, :count]
        np.testing.assert_allclose(found[side] @ found[side].T, expected @ expected.T, atol=1e-8)


def test_the_task_null_keeps_activations_and_lengths_and_turns_output_gradients(random):
    null = random.at_random(np.random.default_rng(2))
    assert null.inputs is random.inputs
    lengths = [np.linalg.norm(one.outputs, axis=1) for one in (random, null)]
    np.testing.assert_allclose(*lengths)
    assert np.abs(null.outputs - random.outputs).max() > 0.1


def test_gradients_along_one_direction_of_each_side_stand_above_the_null():
    generator = np.random.default_rng(3)
    inputs = generator.standard_normal((200, 60))
    inputs[:, 4] += 6.0
    outputs = np.zeros((200, 50))
    outputs[:, 7] = generator.standard_normal(200)
    one = Gradients(inputs, outputs, np.arange(200))
    edge = one.at_random(generator).spectrum[0][0]
    assert one.spectrum[0][0] > 2 * edge > 4 * one.spectrum[0][1] / 3
    leading = one.leading(1)
    assert abs(leading["left"][7, 0]) > 0.99
    assert abs(leading["right"][4, 0]) > 0.9


def test_a_share_is_one_inside_and_nothing_outside():
    axes = np.eye(6)
    assert share(axes[:, :2], axes[:, :3]) == 1
    assert share(axes[:, :2], axes[:, 1:4]) == 0.5
    assert share(axes[:, :2], axes[:, 3:]) == 0


def test_equal_words_are_the_even_spread():
    costs, most = np.array([768, 768, 1920]), np.array([384, 384, 384])
    for said in (np.full(3, 7.3), np.zeros(3)):
        assert allot(said, costs, most, 4 * costs.sum()).tolist() == [4, 4, 4]


def test_ranks_follow_what_is_said_and_cost_no_more_than_the_even_spread():
    generator = np.random.default_rng(4)
    costs, most = np.array([768, 768, 768, 768, 1920, 1920]), np.full(6, 384)
    for budget in 2 * costs.sum(), 8 * costs.sum():
        for said in generator.exponential(size=(50, 6)):
            ranks = allot(said, costs, most, budget)
            assert 0 <= budget - ranks @ costs < costs.min()
            wanted = said * budget / (said @ costs)
            assert (ranks >= np.floor(wanted)).all()
    assert allot(np.array([3.0, 1.0]), np.array([1, 1]), np.array([9, 9]), 8).tolist() == [6, 2]


def test_no_matrix_has_more_rank_than_it_can():
    ranks = allot(np.array([100.0, 1.0]), np.array([10, 10]), np.array([3, 50]), 100)
    assert ranks.tolist() == [3, 7]
    assert allot(np.ones(2), np.array([1, 1]), np.array([2, 2]), 100).tolist() == [2, 2]


def test_the_reverse_gives_the_most_to_what_had_the_least():
    said = np.array([5.0, 1.0, 3.0, 2.0])
    assert reversed_order(said).tolist() == [1.0, 5.0, 2.0, 3.0]
    np.testing.assert_array_equal(reversed_order(reversed_order(said)), said)


KEPT = [0, 1, 2, 4, 384]


def test_the_rank_that_is_needed_is_where_the_kept_share_crosses():
    assert needed_rank(KEPT, [1.0, 0.05, 0.02, 0.01, 0.0]) == 1
    assert needed_rank(KEPT, [1.0, 0.5, 0.1, 0.01, 0.0]) == pytest.approx(2)
    halfway = needed_rank(KEPT, [1.0, 0.5, 0.2, 0.0, 0.0])
    assert halfway == pytest.approx(2 * np.sqrt(2))
    assert 4 < needed_rank(KEPT, [1.0, 0.5, 0.4, 0.2, 0.0]) < 384


def test_an_update_that_gains_nothing_needs_no_rank():
    assert np.isnan(needed_rank(KEPT, [1.0, 1.1, 1.2, 1.1, 1.05]))
