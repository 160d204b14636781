import numpy as np
import pytest

from rankscope.numerics.activations import ACTIVATIONS, SHARPNESS

POINTS = np.array([-3.0, -0.4, -0.05, 0.02, 0.3, 2.0])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_derivatives_are_finite_differences(name):
    activation, width = ACTIVATIONS[name], 1e-6
    up, down = POINTS + width, POINTS - width
    slope = (activation.value(up) - activation.value(down)) / (2 * width)
    bend = (activation.slope(up) - activation.slope(down)) / (2 * width)
    np.testing.assert_allclose(activation.slope(POINTS), slope, atol=1e-7)
    np.testing.assert_allclose(activation.curvature(POINTS), bend, atol=1e-7)


def test_softplus_is_within_its_bound_of_relu():
    gap = ACTIVATIONS["softplus"].value(POINTS) - ACTIVATIONS["relu"].value(POINTS)
    assert np.all(gap > 0)
    assert np.all(gap <= np.log(2) / SHARPNESS)


def test_softplus_does_not_overflow():
    with np.errstate(all="raise", under="ignore"):
        assert ACTIVATIONS["softplus"].value(np.array([-1e4, 1e4])) == pytest.approx([0.0, 1e4])
