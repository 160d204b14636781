import numpy as np

SMALL = {"width": 6, "rank": 1, "depth": 2, "starts": 2}


def test_updates_that_reach_every_target_are_refused(refused):
    message = refused("product", width=4, rank=2, depth=2, starts=1)
    assert "depth * rank must be below width = 4, got 4" in message


def test_two_layers_reach_twice_the_rank(both):
    simulated, predicted = both("product", 2, **SMALL)
    assert int(predicted.product_rank) == 2
    tail = np.sqrt((simulated.gap_spectrum[:, 2:] ** 2).sum("gap"))
    np.testing.assert_allclose(simulated.product_error, tail, rtol=1e-3)
