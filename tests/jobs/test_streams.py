from dataclasses import dataclass

import numpy as np

from rankscope.jobs import streams


@dataclass(frozen=True, kw_only=True)
class Point:
    width: int


@dataclass(frozen=True, kw_only=True)
class PointWithBias(Point):
    bias: float = 0.0


def draw(*arguments):
    return [np.random.default_rng(s).normal() for s in streams.streams(*arguments)]


def test_more_replicates_keep_the_earlier_draws():
    assert draw(1, "study", Point(width=8), 0, 9)[:4] == draw(1, "study", Point(width=8), 0, 4)


def test_the_draws_do_not_depend_on_how_replicates_are_batched():
    whole = draw(1, "study", Point(width=8), 0, 9)
    parts = draw(1, "study", Point(width=8), 0, 2) + draw(1, "study", Point(width=8), 2, 9)
    assert whole == parts


def test_seed_study_and_values_each_change_the_draws():
    keys = [(1, "a", Point(width=8)), (2, "a", Point(width=8)), (1, "b", Point(width=8))]
    keys.append((1, "a", Point(width=9)))
    draws = {draw(*key, 0, 1)[0] for key in keys}
    assert len(draws) == 4


def test_a_stream_is_the_child_that_spawn_gives():
    first = streams.streams(1, "study", Point(width=8), 0, 3)
    parent = np.random.SeedSequence(first[0].entropy)
    for ours, child in zip(first, parent.spawn(3), strict=True):
        np.testing.assert_array_equal(ours.generate_state(4), child.generate_state(4))


def test_a_new_field_at_its_default_changes_no_draw_and_at_another_value_does():
    before = draw(1, "study", Point(width=8), 0, 4)
    assert draw(1, "study", PointWithBias(width=8), 0, 4) == before
    assert draw(1, "study", PointWithBias(width=8, bias=0.5), 0, 4) != before


def test_the_canonical_text_does_not_depend_on_the_order_of_fields():
    one = streams.canonical(PointWithBias(width=8, bias=0.5))
    assert one == streams.canonical(PointWithBias(bias=0.5, width=8))
    assert one != streams.canonical(PointWithBias(width=8, bias=0.25))
