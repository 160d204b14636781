"""The simulation of `depth_limits` where an input has no direction left."""

import numpy as np

from rankscope.studies.depth_limits import simulation
from rankscope.studies.depth_limits.parameters import Parameters


def simulated(**values):
    point = Parameters(activation="relu", batch_size=3, depth=4, **values)
    return simulation.simulate(point, np.random.SeedSequence(1).spawn(200))


def test_dead_inputs_are_counted_and_stay_dead_where_nothing_revives_them():
    for architecture in ("plain", "layer-norm"):
        dead = simulated(architecture=architecture, width=2).dead_inputs
        # two units are off for one input in four
        np.testing.assert_allclose(dead[:, 0].mean(), 3 / 4, atol=0.2)
        assert (dead.diff("layer") >= 0).all()
    assert (simulated(architecture="residual", width=2).dead_inputs == 0).all()


def test_what_is_left_of_the_batch_is_measured_without_them():
    found = simulated(architecture="plain", width=2)
    alive = 3 - found.dead_inputs
    np.testing.assert_array_equal(np.isfinite(found.participation_ratio), alive > 0)
    np.testing.assert_array_equal(np.isfinite(found.cosine), alive > 1)
    assert (found.participation_ratio <= alive + 1e-9).where(alive > 0, True).all()
