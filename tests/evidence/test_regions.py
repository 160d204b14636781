import math

import pytest

from rankscope.evidence import region

INFINITE = math.inf
# maker, arguments; bounds, tolerance, words
REGIONS = [
    (region.within, (0.1,), (-0.1, 0.1), 0.1, "within 0.1"),
    (region.within, (0.5, 2.0), (1.5, 2.5), 0.5, "within 0.5 of 2"),
    (region.percent, (20,), (0.8, 1.2), 0.2, "to 20 percent"),
    (region.factor, (2,), (0.5, 2.0), 0.75, "within a factor 2"),
    (region.at_most, (0.3,), (-INFINITE, 0.3), 0.3, "at most 0.3"),
    (region.at_most, (0.0,), (-INFINITE, 0.0), 1.0, "at most 0"),
    (region.at_least, (-2.0,), (-2.0, INFINITE), 2.0, "at least -2"),
    (region.between, (1.0, 4.0), (1.0, 4.0), 1.5, "between 1 and 4"),
]


@pytest.mark.parametrize(("make", "arguments", "bounds", "width", "words"), REGIONS)
def test_a_region_has_the_bounds_the_tolerance_and_the_words_of_its_maker(
    make, arguments, bounds, width, words
):
    made = make(*arguments, why="because")
    assert (made.lower, made.upper) == pytest.approx(bounds)
    assert made.width == pytest.approx(width)
    assert (made.words, made.why) == (words, "because")
