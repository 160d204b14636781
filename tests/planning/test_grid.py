import pytest

from rankscope.errors import ConfigurationError
from rankscope.planning import grid


def test_a_mapping_of_axes_is_crossed_in_the_order_written():
    points = grid.expand({"width": [8, 4], "bias": [0.0, 1.0]}, "here")
    assert points == [
        {"width": 8, "bias": 0.0},
        {"width": 8, "bias": 1.0},
        {"width": 4, "bias": 0.0},
        {"width": 4, "bias": 1.0},
    ]


def test_a_list_of_mappings_is_united():
    points = grid.expand([{"width": [8]}, {"width": [4], "depth": [1, 2]}], "here")
    assert points == [{"width": 8}, {"width": 4, "depth": 1}, {"width": 4, "depth": 2}]


def test_the_points_are_those_of_scikit_learn():
    from sklearn.model_selection import ParameterGrid

    spec = [{"width": [8, 4], "depth": [1, 2, 3]}, {"slope": [0.5]}]

    def ordered(points):
        return sorted(map(sorted, (point.items() for point in points)))

    assert ordered(grid.expand(spec, "here")) == ordered(ParameterGrid(spec))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ([], "here: the grid is empty"),
        ({"width": []}, "here: axis 'width' is empty"),
        ({"width": 8}, "here: axis 'width' must be a list, got 8"),
        ({"width": [8, 8]}, "here: the point {'width': 8} occurs twice"),
        ([{"width": [8]}, {"width": [4, 8]}], "here: the point {'width': 8} occurs twice"),
    ],
)
def test_a_bad_grid_is_refused_in_one_line(spec, message):
    with pytest.raises(ConfigurationError) as refusal:
        grid.expand(spec, "here")
    assert str(refusal.value) == message


def test_equal_numbers_of_different_type_are_different_values():
    assert len(grid.expand({"slope": [1, 1.0, True]}, "here")) == 3
