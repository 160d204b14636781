import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rankscope.evidence import verdicts
from rankscope.evidence.claims import DERIVED, HERE, Claim
from rankscope.evidence.region import Region, at_least, at_most, within
from rankscope.evidence.results import Point
from rankscope.evidence.samples import Estimate, Sample


def claim(accepted: Region, **fields) -> Claim:
    return Claim(
        name="mean", statement="The mean is {accepted}.", accepted=accepted, estimate="mean",
        scope="all points", source=HERE, basis=DERIVED, **fields,
    )  # fmt: skip


def judged(estimates, errors, accepted=None, *, freedom=np.inf, confidence=0.95, **fields):
    samples = [
        Sample(f"n={i}", Estimate(value=v, error=e, freedom=freedom, replicates=16))
        for i, (v, e) in enumerate(zip(estimates, errors, strict=True))
    ]
    return verdicts.judge(claim(accepted or within(1.0), **fields), {"": samples}, confidence)


def row(estimates, errors, accepted=None, **fields):
    one = claim(accepted or within(1.0), **fields)
    return verdicts.summarise(one, judged(estimates, errors, accepted, **fields))


@pytest.mark.parametrize(
    ("estimate", "verdict"),
    [(0.0, "supported"), (5.0, "contradicted"), (-5.0, "contradicted"), (0.9, "undecided"),
     (1.1, "undecided"), (1.0, "undecided")],
)  # fmt: skip
def test_the_interval_decides_inside_outside_or_straddling(estimate, verdict):
    assert list(judged([estimate], [0.2]).verdict) == [verdict]


@pytest.mark.parametrize("somewhere", [False, True])
def test_the_printed_interval_is_the_one_that_decided(somewhere):
    generator = np.random.default_rng(3)
    for _ in range(200):
        estimates = generator.normal(0, 2, size=7)
        table = judged(
            estimates, generator.uniform(0.1, 0.6, size=7), freedom=7, somewhere=somewhere
        )
        for one in table.itertuples():
            inside = one.interval_lower >= -1 and one.interval_upper <= 1
            outside = one.interval_lower >= 1 or one.interval_upper <= -1
            expected = "supported" if inside else "contradicted" if outside else "undecided"
            assert one.verdict == expected


def test_the_interval_of_one_point_is_one_sided_students():
    one = judged([0.0], [0.3], freedom=7).iloc[0]
    assert one.interval_upper == pytest.approx(stats.t(7).ppf(0.95) * 0.3)


def test_support_at_many_points_needs_no_stronger_evidence_than_at_one():
    estimate, error = 0.5, 0.22  # p = 0.012
    assert judged([estimate], [error]).verdict[0] == "supported"
    assert set(judged([estimate] * 10, [error] * 10).verdict) == {"supported"}


def test_contradiction_at_one_of_many_points_does():
    estimate, error = 1.5, 0.22
    assert judged([estimate], [error]).verdict[0] == "contradicted"
    assert judged([estimate] + [0.0] * 9, [error] * 10).verdict[0] == "undecided"


def test_an_existential_claim_needs_stronger_evidence_for_support_and_all_points_against():
    region = at_least(0.02)
    assert row([0.06, 0.0], [0.02, 0.001], region, somewhere=True)["verdict"] == "supported"
    many = row([0.06] + [0.0] * 9, [0.02] + [0.001] * 9, region, somewhere=True)
    assert many["verdict"] == "undecided"
    assert row([0.0, 0.0], [0.001] * 2, region, somewhere=True)["verdict"] == "contradicted"
    assert row([0.0, 0.019], [0.001] * 2, region, somewhere=True)["verdict"] == "undecided"


def test_holm_is_the_step_down_of_the_textbook():
    levels = verdicts.holm_levels(np.array([0.01, 0.04, 0.03, 0.005]), 0.05)
    np.testing.assert_allclose(levels, [0.05 / 3, 0.025, 0.025, 0.0125])


def test_a_value_without_randomness_is_decided_by_where_it_lies():
    assert list(judged([0.5, 1.5], [0.0, 0.0]).verdict) == ["supported", "contradicted"]


def test_a_missing_estimate_an_unknown_error_and_a_missing_replicate_decide_nothing():
    assert judged([np.nan], [0.1]).verdict[0] == "undecided"
    assert judged([0.0], [np.nan]).verdict[0] == "undecided"
    sample = Sample("n", [0.0, 0.1, -0.1, np.nan])
    assert sample.estimate.missing == 1
    table = verdicts.judge(claim(within(1.0)), {"": [sample]}, 0.95)
    assert table.verdict[0] == "undecided"


def test_half_infinite_regions_are_one_sided():
    assert judged([5.0], [0.1], at_most(1.0)).verdict[0] == "contradicted"
    assert judged([-99.0], [0.1], at_most(1.0)).verdict[0] == "supported"


def test_a_true_claim_is_contradicted_as_rarely_as_the_confidence_says():
    generator = np.random.default_rng(5)
    wrong = 0
    for _ in range(400):
        # ten points whose true value is the bound itself: the hardest truth
        draws = generator.normal(1.0, 1.0, size=(10, 16))
        table = judged(draws.mean(1), draws.std(1, ddof=1) / 4, freedom=15)
        wrong += (table.verdict == "contradicted").any()
    assert wrong <= stats.binom(400, 0.05).ppf(0.999)


def test_a_false_claim_is_supported_as_rarely_as_the_confidence_says():
    generator = np.random.default_rng(6)
    wrong = 0
    for _ in range(2000):
        draws = generator.normal([[1.0], [0.0]], 0.1, size=(2, 16))
        table = judged(draws.mean(1), draws.std(1, ddof=1) / 4, freedom=15)
        wrong += (table.verdict == "supported").all()
    assert stats.binom(2000, 0.05).ppf(0.001) <= wrong <= stats.binom(2000, 0.05).ppf(0.999)


@pytest.mark.parametrize(("somewhere", "shown"), [(False, 3.0), (True, 0.5)])
def test_a_point_without_a_number_is_never_the_one_that_is_shown(somewhere, shown):
    found = row([0.5, np.nan, 3.0], [0.1, np.nan, 0.1], somewhere=somewhere)
    assert found["effect"] == shown


def test_definitions_are_corrected_together():
    sample = Sample("n", Estimate(value=1.5, error=0.25, freedom=math.inf, replicates=9))
    one = verdicts.judge(claim(within(1.0)), {"a": [sample]}, 0.95)
    several = verdicts.judge(claim(within(1.0)), {name: [sample] for name in "abcd"}, 0.95)
    assert list(one.verdict) == ["contradicted"]
    assert set(several.verdict) == {"undecided"}


def test_one_contradicted_point_contradicts_the_claim():
    found = row([0.0, 5.0, 0.9], [0.1, 0.1, 0.1])
    assert found["verdict"] == "contradicted"
    assert (found["supported"], found["contradicted"], found["undecided"]) == (1, 1, 1)
    assert (found["worst_point"], found["effect"]) == ("n=1", 5.0)


def test_a_claim_is_supported_only_if_every_point_is():
    assert row([0.0, 0.1], [0.1] * 2)["verdict"] == "supported"
    assert row([0.0, 0.95], [0.1] * 2)["verdict"] == "undecided"


def test_a_claim_without_points_is_not_tested():
    found = verdicts.summarise(claim(within(1.0)), pd.DataFrame())
    assert (found["verdict"], found["points"]) == ("not tested", 0)


def test_an_undecided_point_says_how_many_replicates_would_decide_it():
    generator = np.random.default_rng(8)
    (needed,) = judged([0.9], [0.2], freedom=15).replicates_to_decide
    draws = generator.normal(0.9, 0.2 * 4, size=(600, int(needed)))
    table = judged(draws.mean(1), draws.std(1, ddof=1) / math.sqrt(needed), freedom=needed - 1)
    share = (table.verdict == "supported").mean()
    assert 0.72 < share < 0.88


def test_one_point_outside_decides_a_universal_claim_and_one_inside_an_existential_one():
    # by themselves 0.9 and 1.1 take many replicates, 1.6 and 0.4 few
    outside = row([0.9, 1.6], [0.5] * 2)["replicates_to_decide"]
    assert outside < row([0.9, 0.4], [0.5] * 2)["replicates_to_decide"] / 10
    inside = row([1.1, 0.4], [0.5] * 2, somewhere=True)["replicates_to_decide"]
    assert inside < row([1.1, 1.6], [0.5] * 2, somewhere=True)["replicates_to_decide"] / 10


def setting_row(settings, estimates):
    points = [Point(f"rate={s},n={i}", {"rate": s}, None) for i, s in enumerate(settings)]
    samples = [
        Sample(p, Estimate(value=v, error=0.01, freedom=math.inf, replicates=9))
        for p, v in zip(points, estimates, strict=True)
    ]
    one = claim(within(1.0), over="rate")
    return verdicts.summarise(one, verdicts.judge(one, {"": samples}, 0.95))


def test_a_claim_that_turns_along_an_unnamed_setting_depends_on_it():
    found = setting_row([0.1, 0.1, 0.3, 0.9], [0.0, 0.2, 0.1, 3.0])
    assert found["verdict"] == "depends on"
    assert (found["depends_on"], found["turns_at"]) == ("rate", "between 0.3 and 0.9")


def test_a_claim_depends_on_a_setting_of_two_values_but_not_on_one_of_one():
    two = setting_row([0.1, 0.1, 0.3], [0.0, 0.2, 3.0])
    assert (two["verdict"], two["turns_at"]) == ("depends on", "between 0.1 and 0.3")
    assert setting_row([0.1, 0.1], [3.0, 3.0])["verdict"] == "contradicted"


def test_a_claim_that_fails_beside_where_it_holds_is_contradicted():
    assert setting_row([0.1, 0.1, 0.3], [0.0, 3.0, 0.1])["verdict"] == "contradicted"
