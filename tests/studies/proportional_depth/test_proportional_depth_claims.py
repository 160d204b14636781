"""Parameters and claims of `proportional_depth`."""

import math

import numpy as np
import pytest
import xarray as xr

from rankscope.errors import ParameterError
from rankscope.evidence.results import Point
from rankscope.planning.parameters import as_dict, build
from rankscope.studies.proportional_depth import claims
from rankscope.studies.proportional_depth.parameters import Parameters

VALUES = {
    "activation": "shaped", "shape": 2.0, "width": 64, "correlation": 0.0, "depth_ratio": 1.0,
    "runs": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"width": 68}, "multiple of 8"),
        ({"depth_ratio": 0.3}, "multiple of 1/8"),
        ({"activation": "relu"}, "shape must be 0"),
        ({"shape": 17.0}, "at most 2 sqrt"),
    ],
)
def test_parameters_are_checked(changed, message):
    with pytest.raises(ParameterError, match=message):
        build(Parameters, VALUES | changed, "here")


def test_relu_is_the_largest_kink():
    relu = build(Parameters, VALUES | {"activation": "relu", "shape": 0.0}, "here")
    assert relu.kink == build(Parameters, VALUES | {"shape": 16.0}, "here").kink == 1.0


def test_half_of_an_even_fall_is_found_between_layers():
    point = Point("one", as_dict(build(Parameters, VALUES, "here")), lambda _: xr.Dataset())
    time = np.arange(1, 9) / 8
    assert claims._half_depth(point, 2 - time / 1.2) == pytest.approx(0.6 * 64)
    assert claims._half_depth(point, 2 - time / 0.1) == pytest.approx(0.05 * 64)
    assert math.isnan(claims._half_depth(point, 2 - time / 2.2))


def test_equal_networks_are_typical():
    square = 0.04
    ratio, logarithm = np.full(3, 2 / (2 - square)), np.full(3, math.log(square))
    assert claims.over_typical(ratio, logarithm) == pytest.approx(1)
