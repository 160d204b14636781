import math

import numpy as np
import pytest
from scipy import stats

from rankscope.evidence import samples
from rankscope.evidence.samples import Sample

DRAWS = np.random.default_rng(2).normal(3.0, 2.0, size=40)


def estimate(value, error):
    return samples.Estimate(value=value, error=error, freedom=20, replicates=24)


def test_a_mean_has_the_textbooks_error():
    found = samples.mean(DRAWS)
    assert found.value == pytest.approx(DRAWS.mean())
    assert found.error == pytest.approx(DRAWS.std(ddof=1) / math.sqrt(40))
    assert (found.freedom, found.missing, found.replicates) == (39, 0, 40)


def test_missing_replicates_are_counted_and_the_others_kept():
    found = samples.mean([1.0, np.nan, 3.0, np.inf])
    assert (found.value, found.missing, found.replicates) == (2.0, 2, 4)


def test_two_replicates_have_one_degree_of_freedom_and_one_has_no_error():
    two, one = samples.mean([1.0, 2.0]), samples.mean([1.0])
    assert (two.error, two.freedom) == (pytest.approx(0.5), 1)
    assert two.half_width == pytest.approx(stats.t.ppf(0.975, 1) * 0.5)
    assert math.isnan(one.error)


def test_a_jackknife_needs_three_replicates():
    assert math.isnan(samples.jackknife(np.mean, [1.0, 2.0]).value)
    assert samples.jackknife(np.mean, [1.0, 2.0, 4.0]).freedom == 2


def test_agreement_is_no_certainty():
    assert math.isnan(samples.mean([2.0] * 48).error)
    found = samples.mean([2.0] * 48, resolution=0.5)
    assert 0 < found.error < 0.5 / 10


def test_the_resolution_covers_a_rare_other_value_at_its_nominal_rate():
    """A value that differs by a step in 3 of 100 replicates must not be ruled out."""
    generator = np.random.default_rng(4)
    missed = 0
    for _ in range(1000):
        values = 1.0 + (generator.random(48) < 0.03)
        found = samples.mean(values, resolution=1.0)
        missed += abs(found.value - 1.03) > 2 * found.error
    assert missed < 80


def test_a_spread_above_the_resolution_is_left_alone():
    assert samples.mean(DRAWS, resolution=1e-3).error == samples.mean(DRAWS).error


def test_all_of_n_is_no_certainty():
    found = samples.proportion([True] * 32)
    assert found.value == pytest.approx(34 / 36)
    assert found.error > 0


def test_a_proportion_is_that_of_two_more_successes_and_two_more_failures():
    found = samples.proportion([True] * 5 + [False] * 11)
    assert found.value == pytest.approx(7 / 20)
    assert found.error == pytest.approx(math.sqrt(0.35 * 0.65 / 20))


def test_values_that_agree_on_a_scale_have_the_error_of_a_rare_step():
    found = samples.mean(np.ones(12), resolution=0.5)
    assert found.error == pytest.approx(0.5 * math.sqrt(2 / 16 * 14 / 16 / 16))


def test_the_jackknife_of_a_mean_is_its_standard_error():
    found = samples.jackknife(np.mean, DRAWS)
    assert found.value == pytest.approx(DRAWS.mean())
    assert found.error == pytest.approx(samples.mean(DRAWS).error)


def test_the_jackknife_of_many_replicates_leaves_out_groups():
    draws = np.random.default_rng(5).exponential(size=10_007)
    found = samples.jackknife(np.mean, draws)
    assert found.value == pytest.approx(draws.mean())
    assert found.error == pytest.approx(samples.mean(draws).error, rel=0.15)
    assert (found.freedom, found.replicates) == (samples.GROUPS - 1, 10_007)


def test_the_jackknife_of_a_ratio_has_the_delta_methods_error():
    generator = np.random.default_rng(3)
    above, below = generator.normal(6, 1, 400), generator.normal(3, 0.5, 400)
    found = samples.ratio_of_means(above, below)
    delta = (above - found.value * below).std(ddof=1) / math.sqrt(400) / below.mean()
    assert found.error == pytest.approx(delta, rel=0.02)


def test_replicates_that_are_not_finite_are_missing_from_every_sample_of_a_jackknife():
    found = samples.ratio_of_means([1.0, np.nan, 3.0, 2.0], [1.0, 1.0, np.inf, 2.0])
    assert (found.missing, found.replicates) == (2, 4)


def test_a_slope_is_the_exponent_per_replicate():
    sizes = [4.0, 8.0, 32.0]
    exponents = np.array([-1.0, 0.5, 2.0])
    values = [3.0 * size**exponents for size in sizes]
    np.testing.assert_allclose(samples.slope(sizes, values), exponents)


def test_a_replicate_without_a_logarithm_has_no_slope():
    found = samples.slope([1.0, 2.0], [[1.0, -1.0], [2.0, 1.0]])
    assert found[0] == pytest.approx(1.0)
    assert math.isnan(found[1])


def test_values_over_more_than_replicates_are_a_bug():
    with pytest.raises(ValueError, match="one dimension"):
        samples.mean(np.ones((2, 2)))


def test_a_sample_is_named_by_its_point_and_part():
    assert Sample("width=8", [1.0, 2.0], "hessian").name == "width=8 | hessian"
    assert Sample("width=8", samples.exact(2)).estimate.error == 0.0


def test_total_variation_is_half_the_sum_of_differences_from_the_mean_shares():
    law = np.array([0.4, 0.4, 0.2])
    for second, distance in (([0.3, 0.5, 0.2], 0.1), ([0.3, 0.7, 0.0], 0.2)):
        shares = np.array([[0.5, 0.5, 0.0], second])
        assert samples.total_variation(shares, law) == pytest.approx(distance)


def two_way(generator, replicates, items, rows=0.5, columns=2.0, rest=1.0):
    """Values with effects of replicates, of items, and of both."""
    return (
        generator.normal(0, rows, (replicates, 1))
        + generator.normal(0, columns, (1, items))
        + generator.normal(0, rest, (replicates, items))
    )


def test_a_crossed_mean_has_the_error_of_fresh_replicates_and_fresh_items():
    generator = np.random.default_rng(5)
    found = [samples.crossed(two_way(generator, 12, 30)) for _ in range(600)]
    spread = np.std([one.value for one in found])
    errors = np.array([one.error for one in found])
    assert math.sqrt(np.mean(errors**2)) == pytest.approx(spread, rel=0.06)
    blind = [samples.mean(two_way(generator, 12, 30).mean(axis=1)).error for _ in range(600)]
    assert math.sqrt(np.mean(np.square(blind))) < 0.6 * spread, "items are no replicates"


@pytest.mark.parametrize("shape", [(3, 2), (2, 4), (5, 6)])
def test_the_error_of_a_crossed_mean_is_that_of_the_mean_squares_of_two_way_tables(shape):
    table = np.random.default_rng(11).standard_normal(shape)
    table += 3 * np.arange(shape[0])[:, None] + 2 * np.arange(shape[1])  # no effect is negative
    rows, items = shape
    of_rows = items * np.sum((table.mean(axis=1) - table.mean()) ** 2)
    of_items = rows * np.sum((table.mean(axis=0) - table.mean()) ** 2)
    rest = np.sum((table - table.mean()) ** 2) - of_rows - of_items
    squares = of_rows / (rows - 1) + of_items / (items - 1) - rest / (rows - 1) / (items - 1)
    assert samples.crossed(table).error == pytest.approx(math.sqrt(squares / table.size))


def test_with_one_item_a_crossed_mean_is_a_mean_over_replicates():
    found, plain = samples.crossed(DRAWS[:, None]), samples.mean(DRAWS)
    assert (found.value, found.error) == (pytest.approx(plain.value), pytest.approx(plain.error))


def test_a_crossed_mean_without_items_effects_is_a_mean_over_replicates():
    values = np.repeat(DRAWS[:, None], 7, axis=1)
    found, plain = samples.crossed(values), samples.mean(DRAWS)
    assert (found.value, found.freedom) == (pytest.approx(plain.value), plain.freedom)
    assert found.error == pytest.approx(plain.error)


def test_tasks_that_agree_or_differ_much_have_the_textbooks_error():
    def of(*values):
        return samples.random_effects([estimate(value, 0.3) for value in values])

    alike, apart = of(1.0, 1.1, 0.9), of(1.0, 4.0, 9.0)
    assert alike.error == pytest.approx(0.3 / math.sqrt(3)), "that of the known errors"
    assert apart.error == pytest.approx(np.std([1, 4, 9], ddof=1) / math.sqrt(3))
    assert (apart.value, apart.freedom, apart.replicates) == (pytest.approx(14 / 3), 2, 3)


def test_the_surer_task_weighs_more_the_less_tasks_differ():
    surer = estimate(0.0, 0.1)
    near, far = (samples.random_effects([surer, estimate(x, 0.5)]) for x in (0.2, 20.0))
    assert near.value == pytest.approx(0.2 / (1 + 25))
    assert far.value == pytest.approx(10.0, rel=0.01)


def test_a_mean_over_tasks_covers_that_of_all_tasks():
    generator = np.random.default_rng(3)
    inside = 0
    for _ in range(1000):
        errors = generator.uniform(0.2, 1.0, 5)
        values = 3.0 + generator.normal(0, 0.7, 5) + errors * generator.standard_normal(5)
        found = samples.random_effects(
            [estimate(*pair) for pair in zip(values, errors, strict=True)]
        )
        inside += abs(found.value - 3.0) <= stats.t.isf(0.025, found.freedom) * found.error
    assert 0.93 <= inside / 1000 <= 0.985


def test_crossed_values_that_agree_are_no_certainty_and_missing_replicates_count():
    agreeing = samples.crossed(np.ones((5, 10)))
    assert 0 < agreeing.error < 0.1
    values = np.ones((5, 10))
    values[2, 3] = np.nan
    found = samples.crossed(values)
    assert (found.missing, found.replicates, found.value) == (1, 5, 1.0)
    assert math.isnan(samples.crossed(np.ones((1, 10))).error)
    assert samples.crossed(np.full((3, 4), np.nan)).missing == 3
