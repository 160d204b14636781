"""Claims decide planted data as they should: what holds is supported, what does not is not."""

import numpy as np
import pytest
from rankscope.studies.effective_dimension.claims_evidence import DEFINITIONS

from rankscope import datasets
from rankscope.evidence import verdicts
from rankscope.jobs import collect as stacking
from rankscope.jobs.streams import streams
from rankscope.planning import grid, parameters
from rankscope.studies.effective_dimension import (
    claims_evidence,
    claims_paper,
    claims_theory,
    simulation,
    theory,
)
from rankscope.studies.effective_dimension.claims import CLAIMS
from rankscope.studies.effective_dimension.parameters import Parameters

EXACT = DEFINITIONS[0]
LAYERS = np.arange(1, 25)
PERIOD = np.pi / np.log(1 / (1 - 2 / np.pi))


def stacked(folder, axes, replicates=12, depth=24):
    """Simulate and predict a small grid and stack it as the workflow does."""
    files = {"simulated": [], "predicted": []}
    names = []
    for values in grid.expand(axes, "test"):
        point = parameters.build(Parameters, {"depth": depth, **values}, "test")
        names.append(parameters.point_name(values))
        drawn = simulation.simulate(point, streams(1, "effective_dimension", point, 0, replicates))
        made = {"simulated": drawn, "predicted": theory.predict(point)}
        for stage, found in made.items():
            path = folder / stage / f"{names[-1]}.nc"
            datasets.write(datasets.with_parameters(found, parameters.as_dict(point)), path)
            files[stage].append(path)
    for stage, paths in files.items():
        stacking.stack(paths, names, folder / f"{stage}.nc")
    return tuple(datasets.read(folder / f"{stage}.nc") for stage in files)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    axes = [
        {"width": [8, 40], "batch_size": [8]},
        {"width": [16], "batch_size": [16]},
        {"width": [32], "batch_size": [32]},
    ]
    return stacked(tmp_path_factory.mktemp("small"), axes)


def plant(data, curve, noise=0.0, variable="exact_rank"):
    """Give every network the same curve in units of m, with noise of networks and layers."""
    rng = np.random.default_rng(0)
    planted = data.copy()
    shape = [data.sizes[dim] for dim in ("point", "replicate", "layer")]
    values = np.broadcast_to(curve, shape) + noise * rng.standard_normal(shape)
    sizes = data["batch_size"].values[:, None, None]
    planted[variable] = (("point", "replicate", "layer"), values * sizes)
    return planted


def verdict(evidence, definition, data):
    """Verdict of one family on planted data."""
    name = next(family[0] for family in claims_paper.FAMILIES if family[1] is evidence)
    claim = next(c for c in CLAIMS if c.name == f"{name}: {definition.name}")
    table = verdicts.judge(claim, claim.evidence(*data), 0.95)
    assert len(table)
    return verdicts.summarise(claim, table)["verdict"]


FORMULA = 1 - (1 - 2 / np.pi) ** LAYERS


def test_the_closed_form_is_supported_where_it_is_planted(small):
    data = (plant(small[0], FORMULA, noise=0.01), small[1])
    assert verdict(claims_paper.fit_to_formula, EXACT, data) == "supported"
    assert verdict(claims_paper.gain_over_null, EXACT, data) == "supported"


@pytest.mark.parametrize("ratio", [0.2, 0.6])
def test_another_ratio_of_decay_is_told_from_the_abstracts(small, ratio):
    data = (plant(small[0], 1 - ratio**LAYERS, noise=0.01), small[1])
    assert verdict(claims_paper.fit_to_formula, EXACT, data) == "contradicted"


def test_full_rank_contradicts_the_closed_form_and_scores_what_the_null_scores(small):
    data = (plant(small[0], 1.0), small[1])
    found = claims_paper.fit_to_formula(EXACT, *data)
    np.testing.assert_allclose(found.estimate, found.null)
    assert verdict(claims_paper.fit_to_formula, EXACT, data) == "contradicted"
    assert verdict(claims_paper.gain_over_null, EXACT, data) == "contradicted"


def test_the_null_scores_what_the_notes_of_the_formula_say(small):
    found = claims_paper.fit_to_formula(EXACT, *small)
    np.testing.assert_allclose(found.null, 0.087, atol=1e-3)


# maxima at the abstract's depths, minima half a period before
WAVE = 0.7 + 0.15 * np.cos(2 * np.pi * (LAYERS / PERIOD - 0.5))


def test_planted_revivals_are_found_and_monotone_curves_have_none(small):
    wave = (plant(small[0], WAVE, noise=0.01), small[1])
    fall = (plant(small[0], 1 / LAYERS, noise=0.003), small[1])
    for evidence in (
        claims_paper.registered_revival,
        claims_paper.rise_to_peak,
        claims_paper.alternation,
    ):
        assert verdict(evidence, EXACT, wave) == "supported"
        assert verdict(evidence, EXACT, fall) == "contradicted"


def test_noise_alone_is_hardly_ever_a_rise_and_never_a_supported_one():
    rng = np.random.default_rng(1)
    rises = []
    for _ in range(200):
        rise, error = claims_paper.largest_rise(0.8 + 0.02 * rng.standard_normal((40, 60)))
        rises.append(claims_paper.passes(rise, error))
        assert rise < claims_paper.RISE + 2 * error or not rises[-1]
    # some 330 pairs of layers, each beyond 4 standard errors with probability 1.4e-4
    assert np.mean(rises) < 0.1


def test_a_rise_counts_only_within_the_window_and_above_both_thresholds():
    step = np.where(np.arange(30) < 10, 0.5, 0.6) + np.zeros((5, 1))
    assert claims_paper.largest_rise(step)[0] == pytest.approx(0.2)
    slow = 0.5 * (1 + 0.003 * np.arange(30)) + np.zeros((5, 1))
    assert 0 < claims_paper.largest_rise(slow)[0] < claims_paper.RISE


def test_one_hump_is_one_rise_only_after_a_fall():
    flat = np.zeros((4, 1))
    hump = np.array([0.2, 0.5, 0.8, 0.5, 0.2]) + flat
    dip = np.array([0.8, 0.5, 0.2, 0.5, 0.8]) + flat
    assert claims_paper.count_rises(hump) == 0
    assert claims_paper.count_rises(dip) == 1
    assert claims_paper.count_rises(np.tile(dip, 3)) == 3


def test_the_height_is_supported_by_a_curve_at_that_height_only(small):
    height = 1 - np.exp(-np.pi / 2)
    for level, expected in ((height, "supported"), (height + 0.1, "contradicted")):
        data = (plant(small[0], level, noise=0.01), small[1])
        assert verdict(claims_paper.height_at_revivals, EXACT, data) == expected


def test_a_planted_period_is_a_peak_and_white_noise_is_none():
    rng = np.random.default_rng(2)
    phases = rng.uniform(0, 2 * np.pi, (40, 1))
    wave = np.cos(2 * np.pi * LAYERS / PERIOD + phases)
    noise = 0.2 * rng.standard_normal((40, 24))
    peak = claims_paper._peak(claims_paper.periodic_powers(np.diff(wave + noise, axis=1)))
    none = claims_paper._peak(claims_paper.periodic_powers(np.diff(noise, axis=1)))
    assert peak > 5
    assert none < claims_paper.PEAK


def test_the_exponent_of_the_spread_is_that_of_the_planted_one(small):
    rng = np.random.default_rng(3)
    for exponent, expected in ((0.0, "supported"), (0.5, "supported"), (2.0, "contradicted")):
        shape = (small[0].sizes["point"], 12, 24)
        sizes = small[0]["batch_size"].values[:, None, None].astype(float)
        planted = small[0].copy()
        values = sizes**exponent * rng.standard_normal(shape)
        planted["exact_rank"] = (("point", "replicate", "layer"), values)
        found = claims_paper.spread_exponent(EXACT, planted, small[1])
        assert np.all(np.abs(found.estimate - exponent) < 4 * found.error)
        if exponent != 0.5:
            data = (planted, small[1])
            assert verdict(claims_paper.spread_exponent, EXACT, data) == expected


def test_a_violated_bound_is_counted(small):
    assert claims_theory.bound_violations(*small).estimate.sum() == 0
    planted = small[0].copy(deep=True)
    planted["exact_rank"][0, 3, 7] = 1 + planted["exact_rank_bound"][0, 3, 7]
    assert claims_theory.bound_violations(planted, small[1]).estimate.sum() == 1


def test_a_planted_hump_has_the_depth_that_is_fitted():
    layers = np.arange(1, 41)
    inverse = 1 + 0.1 * (np.log(layers) - np.log(7.3)) ** 2
    assert claims_theory.fitted_depth(inverse) == pytest.approx(7.3, rel=1e-6)
    assert claims_theory.fitted_depth(layers.astype(float)) == 1


def test_the_jackknife_of_a_mean_is_its_standard_error():
    sample = np.random.default_rng(4).standard_normal((15, 1))
    estimate, error = claims_evidence.jackknife_of_mean(sample, lambda curves: curves[:, 0])
    assert estimate == pytest.approx(sample.mean())
    assert error == pytest.approx(sample.std(ddof=1) / np.sqrt(15))
    slow = claims_evidence.jackknife(sample, lambda values: float(values.mean()))
    assert (estimate, error) == pytest.approx(slow)


def test_networks_without_a_value_are_left_out_of_a_mean():
    sample = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan]])
    mean, error = claims_evidence.mean(sample)
    np.testing.assert_allclose(mean, [2.0, np.nan])
    np.testing.assert_allclose(error, [1.0, np.nan])


def test_pairs_differ_in_one_parameter_only(tmp_path):
    axes = [
        {"width": [4, 8], "batch_size": [4], "initialisation": ["gaussian", "orthogonal"]},
        {"width": [4], "batch_size": [4], "initialisation": ["orthogonal"], "extras": [False]},
    ]
    simulated, _ = stacked(tmp_path, axes, replicates=2, depth=2)
    found = claims_evidence.pairs(simulated, "initialisation", "orthogonal", "gaussian")
    assert sorted(found) == [(1, 0), (3, 2), (4, 0)]


@pytest.mark.parametrize(
    ("axes", "depth"),
    [
        ({"width": [3], "batch_size": [2], "negative_slope": [0.5]}, 1),
        ({"width": [2], "batch_size": [4], "geometry": ["sphere"], "input_dimension": [2]}, 30),
    ],
)
def test_every_claim_works_on_any_grid(tmp_path, axes, depth):
    data = stacked(tmp_path, axes, replicates=2, depth=depth)
    for claim in CLAIMS:
        if claim.evidence is not None:
            table = verdicts.judge(claim, claim.evidence(*data), 0.95)
            verdicts.summarise(claim, table)


def test_claims_have_unique_names_and_say_how_they_are_known():
    names = [claim.name for claim in CLAIMS]
    assert len(set(names)) == len(names)
    for claim in claims_paper.PAPER_CLAIMS:
        assert claim.basis == "abstract only"
    assert any(claim.evidence is None and "not available" in claim.scope for claim in CLAIMS)
