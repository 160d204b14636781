"""The search for learning rates, on losses that are known."""

import math

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
        return [(loss(place), 0.5) for _, place in wanted]

    return tuning.search([run], measure, moves)[run.name]


@pytest.mark.parametrize("best", [(0, 0), (2, 0), (-1, 3)])
def test_the_search_extends_until_the_best_rates_are_inside(best):
    result = found(bowl(*best))
    assert result.best == best
    assert result.inside
    body, head = best
    assert {(body - 1, head), (body + 1, head), (body, head - 1), (body, head + 1)} <= set(
        result.tried
    )


def test_a_search_that_is_stopped_says_so():
    result = found(bowl(5, 0), moves=2)
    assert result.best == (3, 0)
    assert not result.inside


def test_a_rate_that_diverges_is_never_chosen():
    assert found(lambda place: math.nan if place[0] > 0 else 1.0 - place[0]).best == (0, 0)


def test_the_head_alone_has_one_rate():
    result = found(bowl(0, 2), HEAD)
    assert result.best == (0, 2)
    assert {body for body, _ in result.tried} == {0}


def test_every_run_is_searched_for_itself_and_nothing_is_tried_twice():
    seen = []

    def measure(wanted):
        seen.extend((run.name, place) for run, place in wanted)
        return [(bowl(*{"lora-8": (1, 0), "head": (0, -1)}[r.name])(p), 0.5) for r, p in wanted]

    result = tuning.search([LORA, HEAD], measure, 10)
    assert (result["lora-8"].best, result["head"].best) == ((1, 0), (0, -1))
    assert len(seen) == len(set(seen))
