import numpy as np
import pandas as pd
import pytest
from scipy import stats

from rankscope.evidence import verdicts

CLAIM = verdicts.Claim(
    name="mean", statement="The mean is 0.", source="derived here", scope="all points",
    basis="derived here", estimate="mean",
)  # fmt: skip


def judged(estimate, error, lower=-1.0, upper=1.0, freedom=np.inf, confidence=0.95):
    names = [f"n={index}" for index in range(len(estimate))]
    evidence = verdicts.Evidence(
        point=names, estimate=np.array(estimate), error=np.array(error),
        freedom=freedom, lower=lower, upper=upper,
    )  # fmt: skip
    return verdicts.judge(CLAIM, evidence, confidence)


@pytest.mark.parametrize(
    ("estimate", "verdict"),
    [(0.0, "supported"), (5.0, "contradicted"), (-5.0, "contradicted"), (0.9, "undecided"),
     (1.1, "undecided"), (1.0, "undecided")],
)  # fmt: skip
def test_the_interval_decides_inside_outside_or_straddling(estimate, verdict):
    assert list(judged([estimate], [0.2]).verdict) == [verdict]


def test_one_point_is_decided_exactly_when_its_confidence_interval_clears_the_bound():
    for estimate in np.linspace(-3, 3, 121):
        row = judged([estimate], [0.3], freedom=7).iloc[0]
        inside = row.interval_lower >= -1 and row.interval_upper <= 1
        outside = row.interval_lower >= 1 or row.interval_upper <= -1
        expected = "supported" if inside else "contradicted" if outside else "undecided"
        assert row.verdict == expected


def test_the_interval_is_students():
    row = judged([0.0], [0.3], freedom=7).iloc[0]
    assert row.interval_upper == pytest.approx(stats.t(7).interval(0.95)[1] * 0.3)


def test_holm_is_the_step_down_of_the_textbook():
    adjusted = verdicts.holm(np.array([0.01, 0.04, 0.03, 0.005]))
    np.testing.assert_allclose(adjusted, [0.03, 0.06, 0.06, 0.02])


def test_many_points_need_stronger_evidence_than_one():
    estimate, error = 0.5, 0.22  # p = 0.023 alone
    assert judged([estimate], [error]).verdict[0] == "supported"
    assert set(judged([estimate] * 10, [error] * 10).verdict) == {"undecided"}


def test_a_value_without_randomness_is_decided_by_where_it_lies():
    assert list(judged([0.5, 1.5], [0.0, 0.0]).verdict) == ["supported", "contradicted"]


def test_a_missing_estimate_is_undecided():
    assert judged([np.nan], [0.1]).verdict[0] == "undecided"


def test_half_infinite_regions_are_one_sided():
    assert judged([5.0], [0.1], lower=-np.inf).verdict[0] == "contradicted"
    assert judged([-99.0], [0.1], lower=-np.inf).verdict[0] == "supported"


def test_false_decisions_are_as_rare_as_the_confidence_says():
    generator = np.random.default_rng(5)
    wrong = 0
    for _ in range(400):
        # ten points whose true value is the bound itself: any decision is a false one
        draws = generator.normal(1.0, 1.0, size=(10, 16))
        table = judged(draws.mean(1), draws.std(1, ddof=1) / 4, freedom=15)
        wrong += (table.verdict != "undecided").any()
    assert wrong <= stats.binom(400, 0.05).ppf(0.999)


def test_one_contradicted_point_contradicts_the_claim():
    row = verdicts.summarise(CLAIM, judged([0.0, 5.0, 0.9], [0.1, 0.1, 0.1]))
    assert row["verdict"] == "contradicted"
    assert (row["supported"], row["contradicted"], row["undecided"]) == (1, 1, 1)
    assert (row["worst_point"], row["effect"]) == ("n=1", 5.0)


def test_a_claim_is_supported_only_if_every_point_is():
    assert verdicts.summarise(CLAIM, judged([0.0, 0.1], [0.1] * 2))["verdict"] == "supported"
    assert verdicts.summarise(CLAIM, judged([0.0, 0.9], [0.1] * 2))["verdict"] == "undecided"


def test_a_claim_without_points_is_not_tested():
    row = verdicts.summarise(CLAIM, pd.DataFrame())
    assert (row["verdict"], row["points"]) == ("not tested", 0)


def test_all_of_n_is_no_certainty():
    share, error = verdicts.proportion(np.array([32]), np.array([32]))
    assert share[0] == pytest.approx(34 / 36)
    assert error[0] > 0
