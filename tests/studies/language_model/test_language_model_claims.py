"""How samples become evidence, and how points are read from stacked data."""

import numpy as np
import pytest
import xarray as xr

from rankscope.evidence import verdicts
from rankscope.studies.language_model import claims, claims_accuracy, claims_tools


def stacked(accuracies, runs="full+lora-1+lora-64", matrices=("5.q",), targets="q"):
    """A stack of one point with the test accuracies (replicate, run)."""
    values = np.asarray(accuracies, dtype=float)[None]
    return xr.Dataset(
        {"test_accuracy": (("point", "replicate", "run"), values)},
        coords={
            "point": ["runs=" + runs],
            "task": ("point", ["tweets"]),
            "runs": ("point", [runs]),
            "targets": ("point", [targets]),
            "test_texts": ("point", [100]),
            "run": runs.split("+"),
            "matrix": list(matrices),
        },
    )


def judge(evidence):
    claim = claims.CLAIMS[0]
    return verdicts.judge(claim, evidence, 0.95).set_index("point")


def test_differences_are_paired_over_replicates():
    generator = np.random.default_rng(0)
    shared = generator.normal(0.8, 0.1, size=(6, 1))
    data = stacked(shared + np.array([0.0, 0.001, 0.0]) + generator.normal(0, 1e-3, (6, 3)))
    table = judge(claims_accuracy.small_ranks(data, xr.Dataset()))
    assert table.error.iloc[0] < 0.01, "what replicates share is no error of the difference"
    assert table.verdict.iloc[0] == "supported"


def test_a_rank_that_is_clearly_worse_contradicts():
    generator = np.random.default_rng(1)
    data = stacked(np.array([0.9, 0.7, 0.9]) + generator.normal(0, 5e-3, (5, 3)))
    table = judge(claims_accuracy.small_ranks(data, xr.Dataset()))
    assert table.verdict.iloc[0] == "contradicted"


def test_noise_leaves_a_claim_undecided():
    generator = np.random.default_rng(2)
    data = stacked(0.8 + generator.normal(0, 0.1, (4, 3)))
    table = judge(claims_accuracy.as_good_as_full(data, xr.Dataset()))
    assert set(table.verdict) == {"undecided"}


def test_equal_values_by_the_coarseness_of_the_scale_are_no_certainty():
    evidence = claims_tools.from_samples([("x", np.zeros(3))], -0.001, 0.001, resolution=0.01)
    assert evidence.error[0] == pytest.approx(0.01 / 6)
    assert judge(evidence).verdict.iloc[0] == "undecided"


def test_one_replicate_decides_nothing():
    evidence = claims_tools.from_samples([("x", np.array([0.3]))], 0.0, 1.0)
    assert judge(evidence).verdict.iloc[0] == "undecided"


def test_samples_without_values_are_left_out():
    samples = [("x", np.array([np.nan, np.nan])), ("y", np.array([1.0, np.nan, 2.0]))]
    evidence = claims_tools.from_samples(samples, 0.0, 3.0)
    assert evidence.point == ["y"]
    assert evidence.freedom[0] == 1


def test_a_point_has_only_its_own_runs_and_matrices():
    data = stacked(np.zeros((2, 3)), matrices=("5.q", "5.k", "5.v"))
    point = claims_tools.Point(data.assign_coords(runs=("point", ["full+lora-1"])), 0)
    assert [run.name for run in point.runs] == ["full", "lora-1"]
    assert point.matrices == ["5.q"]


def test_a_claim_without_points_is_not_tested():
    data = stacked(np.zeros((2, 1)), runs="head")
    for evidence in (claims_accuracy.small_ranks, claims_accuracy.query_and_value):
        assert len(evidence(data, xr.Dataset()).point) == 0
