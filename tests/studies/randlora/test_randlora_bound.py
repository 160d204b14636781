import pytest


@pytest.mark.parametrize("decay", [0.0, 1.0])
@pytest.mark.parametrize("rank", [3, 4])
def test_the_bound_holds_and_says_nothing(both, rank, decay):
    target = {"target": "power" if decay else "flat", "target_rank": 16, "decay": decay}
    simulated, predicted = both("bound", rows=16, columns=16, rank=rank, sweeps=30, **target)
    assert (simulated.block_sum_error < simulated.bound).all()
    assert (simulated.bound > 1).all()
    assert float(simulated.bound.mean()) > float(predicted.bound_floor)
    assert (simulated.joint_error < 1).all()
    # a fit does no better than the whole span of its random basis, which misses 1 - r / D
    assert (simulated.block_error > 0.97 * float(predicted.block_error)).all()
    assert (simulated.block_error < 1).all()
