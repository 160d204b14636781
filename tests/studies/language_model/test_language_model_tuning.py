"""The search for learning rates, on losses that are known."""

import math

import numpy as np
import pytest

from rankscope.studies.language_model.parameters import Run

pytest.importorskip("torch")

from rankscope.studies.language_model.simulation import tuning

LORA, HEAD = Run.parse("lora-8", "q"), Run.parse("head", "q")


def bowl(body, head):
    """A loss with its minimum at these rates."""
    return lambda place: (place[0] - body) ** 2 + (place[1] - head) ** 2


def found(loss, run=LORA, moves=10):
    def measure(wanted):
        return [np.array([[loss(place), 0.5]]) for _, place in wanted]

    return tuning.search([run], measure, moves)[run.name]


@pytest.mark.parametrize("best", [(0, 0), (2, 0), (-1, 3)])
def test_the_search_extends_until_the_best_rates_are_inside(best):
    result = found(bowl(*best))
    assert result.best() == best
    assert result.inside
    body, head = best
    assert {(body - 1, head), (body + 1, head), (body, head - 1), (body, head + 1)} <= set(
        result.tried
    )


def test_a_search_that_is_stopped_says_so():
    result = found(bowl(5, 0), moves=2)
    assert result.best() == (3, 0)
    assert not result.inside


def test_a_rate_that_diverges_is_never_chosen():
    assert found(lambda place: math.nan if place[0] > 0 else 1.0 - place[0]).best() == (0, 0)


def test_the_head_alone_has_one_rate():
    result = found(bowl(0, 2), HEAD)
    assert result.best() == (0, 2)
    assert {body for body, _ in result.tried} == {0}


def test_every_run_is_searched_for_itself_and_nothing_is_tried_twice():
    seen = []

    def measure(wanted):
        seen.extend((run.name, place) for run, place in wanted)
        bowls = {"lora-8": bowl(1, 0), "head": bowl(0, -1)}
        return [np.array([[bowls[run.name](place), 0.5]]) for run, place in wanted]

    result = tuning.search([LORA, HEAD], measure, 10)
    assert (result["lora-8"].best(), result["head"].best()) == ((1, 0), (0, -1))
    assert len(seen) == len(set(seen))


def test_rates_are_chosen_as_often_as_their_losses_allow():
    """Two rates whose losses differ by a known mean and spread over 6 tuning seeds."""
    difference = np.array([-0.5, 1.5, 0.2, 0.6, -0.4, 0.4])
    tried = {
        (0, 0): np.stack([0 * difference, 0 * difference], 1),
        (1, 0): np.stack([difference] * 2, 1),
    }
    result = tuning.Search(tried, inside=True)
    assert result.best() == (0, 0), "the mean difference is 0.3"
    draws = [tuning.redrawn(np.random.default_rng(seed), 6) for seed in range(4000)]
    means = np.array([difference[seeds].mean() for seeds in draws])
    expected = difference.var(ddof=1) / 6
    assert means.var() == pytest.approx(expected, rel=0.1), "that of a mean over six seeds"
    other = np.mean([result.best(seeds) == (1, 0) for seeds in draws])
    assert other == pytest.approx(np.mean(means < 0), abs=1e-12)
    assert 0.05 < other < 0.25, "a normal of that mean and variance is below 0 in 0.16 of cases"


def test_one_tuning_seed_leaves_no_choice():
    assert tuning.redrawn(np.random.default_rng(0), 1) == [0]
