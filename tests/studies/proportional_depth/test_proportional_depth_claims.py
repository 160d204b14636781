"""Parameters and claims of `proportional_depth`."""

import math

import numpy as np
import pytest
import xarray as xr

from rankscope.errors import ParameterError
from rankscope.evidence.results import Point
from rankscope.planning.parameters import as_dict, build
from rankscope.studies.proportional_depth import claims, simulation
from rankscope.studies.proportional_depth.parameters import BIN_WIDTH, BINS, LOWEST, Parameters

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


def test_what_is_measured_of_a_pair_is_of_its_gram_matrix_and_its_law_a_histogram():
    cosine = np.random.default_rng(3).uniform(-0.999, 0.999, size=500)
    found = simulation._measure(cosine, np.sqrt(1 - cosine**2))
    grams = np.array([[[1.0, c], [c, 1.0]] for c in cosine])
    values = np.linalg.eigvalsh(grams)
    ratio = values.sum(axis=1) ** 2 / (values**2).sum(axis=1)
    assert found["participation_ratio"] == pytest.approx(ratio.mean())
    assert found["log_squared_sine"] == pytest.approx(np.log(np.linalg.det(grams)).mean())
    edges = LOWEST + BIN_WIDTH * np.arange(BINS + 1)
    counts, _ = np.histogram(np.arctanh(cosine), edges)
    np.testing.assert_allclose(found["law"], counts / 500)


def test_a_batch_of_linear_networks_starts_from_its_cosine():
    point = build(
        Parameters,
        VALUES | {"shape": 0.0, "batch_size": 4, "correlation": 0.5, "runs": 200},
        "here",
    )
    found = simulation.simulate(point, [np.random.SeedSequence(1)])
    assert float(found.mean_cosine[0, 0]) == pytest.approx(0.5, abs=0.07)
