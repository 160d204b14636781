import math
import types

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from rankscope.evidence import audit, planting, results, verdicts
from rankscope.evidence.claims import DERIVED, HERE, Claim, Definition
from rankscope.evidence.region import at_least, at_most, between, within
from rankscope.evidence.samples import Sample, exact, jackknife, proportion
from rankscope.jobs import audit as job

SPREAD = 1.0


def of(evidence, accepted=None, **fields) -> Claim:
    return Claim(
        name="a claim", statement="It is {accepted}.", accepted=accepted or within(1.0),
        estimate="a number", scope="all points", source=HERE, basis=DERIVED, evidence=evidence,
        **{"chance": 3.0} | fields,
    )  # fmt: skip


def run(replicates=8, points=3, spread=SPREAD) -> results.Results:
    """A run whose replicates have exactly that spread."""
    values = np.random.default_rng(4).normal(size=(points, replicates))
    values -= values.mean(axis=1, keepdims=True)
    values *= spread / values.std(axis=1, ddof=1, keepdims=True)
    return results.of(
        {
            f"n={i}": ({"n": i}, xr.Dataset({"x": ("replicate", row)}), xr.Dataset())
            for i, row in enumerate(values)
        }
    )


def average(found):
    for point in found:
        yield Sample(point, point.measured.x)


def middle(found):
    for point in found:
        yield Sample(point, jackknife(lambda x: float(np.mean(np.sort(x)[2:-2])), point.measured.x))


def largest(found):
    for point in found:
        yield Sample(point, point.measured.x - point.measured.x.mean() + point.measured.x.max())


def share(found):
    for point in found:
        yield Sample(point, proportion(point.measured.x > 0.5))


def plant(point, values):
    return {"x": values}


def audited(claim, data, draws=20):
    plants = types.SimpleNamespace(**{claim.function: plant})
    return audit.audit([claim], plants, data, confidence=0.95, draws=draws, seed=1)


@pytest.mark.parametrize("evidence", [average, share])
def test_draws_without_the_evidence_have_the_law_of_those_through_it(evidence):
    claim = of(evidence, at_least(0.5), targets={"holds": 0.8})
    bed = planting.Bed(claim, None, run(replicates=12), plant)
    generator = np.random.default_rng(7)
    through = [claim.samples(bed.planted(bed.draw("holds", generator))) for _ in range(2000)]
    planted = [planting.collect(samples) for samples in through]
    drawn = bed.estimates(bed.law("holds"), 20_000, generator)
    for name in ("value", "error"):
        ours, theirs = getattr(drawn, name), np.vstack([getattr(one, name) for one in planted])
        assert ours.mean() == pytest.approx(theirs.mean(), rel=0.01)
        assert ours.std() == pytest.approx(theirs.std(), rel=0.05)
    assert set(drawn.freedom.ravel()) == set(np.vstack([one.freedom for one in planted]).ravel())


def test_evidence_that_passes_its_values_on_is_read_a_few_times_and_other_evidence_always():
    assert set(audited(of(average), run()).planted) == {audit.TRIED}
    assert set(audited(of(average), run()).draws) == {audit.JUDGED}
    assert set(audited(of(middle), run()).planted) == {20}


def test_evidence_that_finds_another_number_than_was_planted_is_told():
    assert audited(of(average), run()).found.all()
    assert not audited(of(largest), run()).found.any()


def test_a_null_inside_the_region_is_unsound():
    table = audited(of(average, chance=0.0), run(spread=0.1))
    assert list(table.sound) == [True, True, False]


def test_the_bounds_on_a_rate_are_those_at_which_the_count_is_as_rare_as_the_confidence():
    for wrong, draws in ((0, 20), (3, 20), (4, 20), (20, 20), (30, 400)):
        least, most = audit.bounds(wrong, draws)
        if wrong:
            assert stats.binom.sf(wrong - 1, draws, least) == pytest.approx(0.05)
        if wrong < draws:
            assert stats.binom.cdf(wrong, draws, most) == pytest.approx(0.05)
    assert audit.bounds(3, 20)[0] < audit.ERROR_RATE < audit.bounds(4, 20)[0]
    assert audit.bounds(0, 20)[1] == pytest.approx(0.139, abs=1e-3)


def test_few_draws_leave_a_higher_rate_of_wrong_verdicts_open_than_many():
    few, many = (audited(of(middle), run(spread=0.01), draws).wrong_at_most for draws in (5, 20))
    assert (few > many).all()
    assert many.max() == pytest.approx(1 - 0.05 ** (1 / 20))


def test_a_number_without_randomness_is_judged_once_for_all():
    def fixed(results):
        for point in results:
            yield Sample(point, exact(point.measured.x[0]))

    constant = run(replicates=2)
    table = audited(of(fixed), constant)
    assert list(table.draws) == [1, 1, 1]
    assert list(table.wrong_at_most) == [0, 0, 0]
    wrong = audited(of(fixed, chance=0.0), constant)
    assert list(wrong.sound) == [True, True, False]
    assert list(wrong.wrong_at_most) == [0, 0, 1]


def test_a_weak_row_says_how_many_replicates_would_make_it_powerful():
    weak = audited(of(average), run(replicates=4, spread=2.0)).iloc[0]
    assert not weak.powerful
    assert weak.replicates == 4
    enough = audited(of(average), run(replicates=int(weak.replicates_needed), spread=2.0)).iloc[0]
    too_few = audited(of(average), run(replicates=int(weak.replicates_needed / 2), spread=2.0))
    assert enough.supported == pytest.approx(0.8, abs=0.1)
    assert too_few.supported[0] < 0.7
    strong = audited(of(average), run(replicates=40))
    assert strong.powerful.all()
    assert strong.replicates_needed.isna().all()


def test_no_number_of_replicates_decides_what_lies_on_a_bound():
    table = audited(of(average, targets={"holds": 1.0}), run(points=1))
    assert table.replicates_needed[0] == math.inf


def test_every_definition_is_audited_and_counts_in_the_correction_of_the_others():
    def either(found, definition):
        yield from average(found)

    one, two = Definition(name="one"), Definition(name="two")
    plants = types.SimpleNamespace(either=lambda point, values, _: {"x": values})
    data = run(replicates=4, points=1)
    rates = [
        audit.audit(
            [of(either, definitions=chosen)], plants, data, confidence=0.95, draws=20, seed=1
        )
        for chosen in ((one,), (one, two))
    ]
    assert set(rates[1].definition) == {"one", "two"}
    assert rates[1].contradicted[1] < rates[0].contradicted[1]
    assert rates[1].supported[0] == rates[0].supported[0]


def test_a_plant_with_its_own_noise_is_given_the_number_itself():
    bed = planting.Bed(of(average), None, run(), planting.with_own_noise(lambda p, v: {"x": v}))
    for values in bed.draw("fails", np.random.default_rng(0)):
        assert float(values.mean()) == pytest.approx(2.0)
        assert float(values.std()) > 0.1


def test_holm_counts_p_values_of_others_that_are_not_rejected():
    p = np.array([[0.01, 0.04, 0.001]])
    both = verdicts.holm_levels(np.array([0.01, 0.04, 0.001, 1.0, 1.0]), 0.05)
    assert verdicts.holm_levels(p, 0.05, others=2)[0] == pytest.approx(both[:3])


def test_the_summary_counts_what_fails_and_lists_what_is_weak():
    table = audited(of(average), run(replicates=4, spread=2.0))
    table.insert(0, "study", "paper/one")
    text = job.summary(table, run="abc")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    most = f"{100 * table.wrong_at_most.max():.0f} %"
    assert ["paper/one", "1", "3", "0", most, "0", str(sum(~table.powerful))] in rows
    right, needed = f"{100 * table.supported[0]:.0f} %", f"{table.replicates_needed[0]:.0f}"
    assert ["paper/one", "a claim", "holds", "1 of 1", right, "4", needed] in rows
    assert "of commit `abc`" in text


@pytest.mark.parametrize(
    ("region", "holds", "fails"),
    [
        (between(1.0, 3.0), 2.0, 4.0),
        (at_most(0.2), 0.0, 0.4),
        (at_most(-0.2), -0.4, 0.0),
        (at_least(0.5), 1.0, 0.0),
    ],
)
def test_the_truth_is_planted_a_tolerance_inside_and_the_falsehood_as_far_outside(
    region, holds, fails
):
    planted = planting.targets(region, 0.7)
    assert [planted[kind] for kind in ("holds", "fails", "null")] == pytest.approx(
        [holds, fails, 0.7]
    )
