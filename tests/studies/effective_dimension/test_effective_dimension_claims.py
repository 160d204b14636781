"""Claims decide planted data as they should: what holds is supported, what does not is not."""

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest

from rankscope.evidence import claims as claims_of
from rankscope.evidence import results, samples, verdicts
from rankscope.jobs import simulate as job
from rankscope.jobs import verify
from rankscope.planning import grid, parameters
from rankscope.studies.effective_dimension import claims, simulation, theory
from rankscope.studies.effective_dimension.claims import (
    closed_form,
    concentration,
    finite_width,
    full_rank,
    revivals,
    units,
)
from rankscope.studies.effective_dimension.claims.definitions import DEFINITIONS
from rankscope.studies.effective_dimension.parameters import Parameters

STUDY = "effective_dimension"
CLAIMS = claims_of.of(claims)
# planted values are on no coarse scale
SOFT = next(rank for rank in DEFINITIONS if rank.name == "participation ratio")
LAYERS = np.arange(1, 25)
PERIOD = np.pi / np.log(1 / (1 - 2 / np.pi))


def small_results(axes, replicates=12, depth=24):
    """Simulate and predict a small grid."""
    points = {}
    for values in grid.expand(axes, "test"):
        point = parameters.build(Parameters, {"depth": depth, **values}, "test")
        drawn = job.replicates(simulation, STUDY, point, 1, 0, replicates, Path("unused"))
        found = parameters.as_dict(point), drawn, theory.predict(point)
        points[parameters.point_name(values)] = found
    return results.of(points)


@pytest.fixture(scope="module")
def small():
    return small_results(
        [
            {"width": [8, 40], "batch_size": [8]},
            {"width": [16], "batch_size": [16]},
            {"width": [32], "batch_size": [32]},
        ]
    )


@pytest.fixture(scope="module")
def large():
    """Batches so large that a fiftieth of them is a direction."""
    return small_results([{"width": [50, 60, 100], "batch_size": [50], "extras": [False]}])


def plant(found, curve, noise=0.0, variable="participation_ratio"):
    """Give every network the same curve in units of m, with noise of networks and layers."""
    rng = np.random.default_rng(0)
    planted = {}
    for point in found:
        shape = [point.measured.sizes[dim] for dim in ("replicate", "layer")]
        values = np.broadcast_to(curve, shape) + noise * rng.standard_normal(shape)
        data = point.measured.assign(
            {variable: (("replicate", "layer"), values * point.batch_size)}
        )
        planted[point.name] = point.parameters, data, point.predicted
    return results.of(planted)


def verdict(claim, found):
    """Verdict of a claim under a definition whose values were planted."""
    table = verdicts.judge(claim, {SOFT.name: claim.samples(found, SOFT)}, 0.95)
    assert len(table)
    return verdicts.summarise(claim, table)["verdict"]


FORMULA = 1 - (1 - 2 / np.pi) ** LAYERS


def test_the_closed_form_is_supported_where_it_is_planted(large):
    planted = plant(large, FORMULA, noise=0.01)
    assert verdict(closed_form.closed_form, planted) == "supported"
    assert verdict(closed_form.better_than_a_constant, planted) == "supported"


@pytest.mark.parametrize("ratio", [0.2, 0.6])
def test_another_ratio_of_decay_is_told_from_the_abstracts(large, ratio):
    planted = plant(large, 1 - ratio**LAYERS, noise=0.01)
    assert verdict(closed_form.closed_form, planted) == "contradicted"


def test_full_rank_contradicts_the_closed_form_and_scores_what_the_null_scores(large):
    planted = plant(large, 1.0, noise=1e-6)
    found = closed_form.closed_form.samples(planted, SOFT)
    assert found
    for sample in found:
        assert sample.estimate.value == pytest.approx(sample.chance, rel=1e-4)
    assert verdict(closed_form.closed_form, planted) == "contradicted"
    assert verdict(closed_form.better_than_a_constant, planted) == "contradicted"


def test_the_null_scores_what_the_notes_of_the_formula_say(large):
    found = closed_form.closed_form.samples(large, SOFT)
    assert found
    for sample in found:
        assert sample.chance == pytest.approx(0.087, abs=1e-3)


# maxima at the abstract's depths, minima half a period before
WAVE = np.cos(2 * np.pi * (LAYERS / PERIOD - 0.5))


def test_planted_revivals_are_found_and_monotone_curves_have_none(large):
    wave = plant(large, 0.7 + 0.15 * WAVE, noise=0.01)
    fall = plant(large, 1 / LAYERS, noise=0.0003)
    for claim in (
        revivals.revival,
        revivals.rise_to_depths,
        revivals.period,
        full_rank.alternation,
    ):
        assert verdict(claim, wave) == "supported", claim.name
        assert verdict(claim, fall) == "contradicted", claim.name


def test_one_revival_anywhere_is_enough_for_a_claim_that_there_is_one(large):
    wave, fall = plant(large, 0.7 + 0.15 * WAVE, noise=0.01), plant(large, 1 / LAYERS, noise=0.003)
    mixed = results.Results([wave.points[0], *fall.points[1:]])
    assert verdict(revivals.revival, mixed) == "supported"


def test_rank_that_nobody_has_lost_cannot_revive_and_is_no_evidence_against(large):
    exact, centred = (
        next(r for r in DEFINITIONS if r.name == f"{c}rank") for c in ("exact ", "centred ")
    )
    assert revivals.revival.samples(plant(large, 1.0, variable=exact.variable), exact) == []
    most = plant(large, 0.98, variable=centred.variable)
    assert revivals.revival.samples(most, centred) == []
    assert revivals.revival.samples(plant(large, 0.96, variable=centred.variable), centred)


def test_an_oscillation_of_the_mean_by_a_fiftieth_of_m_is_found_beside_a_trend(large):
    trend = 0.9 - 0.15 * np.log(LAYERS)
    assert verdict(revivals.period, plant(large, trend + 0.02 * WAVE, noise=0.01)) == "supported"
    assert verdict(revivals.period, plant(large, trend, noise=0.01)) == "contradicted"
    opposite = plant(large, trend - 0.05 * WAVE, noise=0.01)
    assert verdict(revivals.period, opposite) == "contradicted"


@pytest.mark.parametrize("curve", [1 / LAYERS, np.exp(-LAYERS / 5), 1 / (1 + (LAYERS / 5) ** 4)])
def test_a_smooth_fall_is_hardly_a_wave(curve):
    amplitude = revivals.wave(curve[None, :20], first=PERIOD / 2, period=PERIOD)
    assert abs(amplitude[0]) < 0.002


def test_noise_alone_hardly_ever_revives_and_the_choice_of_layers_does_not_make_it_do_so():
    rng = np.random.default_rng(1)
    found = [revivals.revived(0.8 + 0.02 * rng.standard_normal((40, 60))) for _ in range(200)]
    assert np.mean([one.value > 1.68 * one.error for one in found]) < 0.05


def test_a_slow_fall_under_loud_noise_is_not_taken_for_a_revival():
    rng = np.random.default_rng(4)
    fall = 0.8 - 0.002 * np.arange(40)
    found = [revivals.revived(fall + 0.1 * rng.standard_normal((40, 40))) for _ in range(200)]
    assert np.mean([one.value - 0.02 > 1.68 * one.error for one in found]) < 0.05


@pytest.mark.parametrize("curve", [np.linspace(0.1, 1, 24), np.minimum(0.3 * LAYERS, 1)])
def test_what_was_never_lost_does_not_revive(large, curve):
    grown = plant(large, curve, noise=0.001)
    assert verdict(revivals.revival, grown) == "contradicted"
    lost = plant(large, np.where(LAYERS == 1, 1.1 * curve[1], curve), noise=0.001)
    assert verdict(revivals.revival, lost) == "supported"


def test_a_network_that_dies_makes_its_point_undecided():
    curves = 0.5 + 0.01 * np.arange(12) + np.zeros((8, 1))
    curves[3, 5:] = np.nan
    assert revivals.revived(curves, step=0.02).missing == 1


def heights(curve, rises, window=None):
    """Means of the falls and rises of networks that all have one curve."""
    moves = revivals.swings(curve + np.zeros((4, 1)), rises, window)
    return [float(values.mean()) for values, _ in moves]


def test_the_swings_of_a_curve_are_its_falls_and_rises_relative_to_the_low_layers():
    dip = np.array([0.8, 0.5, 0.2, 0.5, 0.6])
    assert heights(dip, 1) == pytest.approx([3, 2])
    assert heights(dip, 1, window=1) == pytest.approx([3, 1.5])
    assert heights(np.tile(dip, 2), 2) == pytest.approx([3, 3, 3, 2])


@pytest.mark.parametrize("seed", range(5))
def test_the_least_move_of_the_swings_is_the_largest_of_all_choices_of_layers(seed):
    curve = np.random.default_rng(seed).random(8) + 0.1

    def least(layers):
        pairs = list(itertools.pairwise(layers))
        falls = [curve[a] / curve[b] - 1 for a, b in pairs[::2]]
        rises = [curve[b] / curve[a] - 1 for a, b in pairs[1::2]]
        return min(falls + rises)

    every = list(itertools.combinations(range(8), 5))
    assert least(revivals.turning_layers(curve, 2)) == pytest.approx(max(map(least, every)))
    near = [layers for layers in every if all(b - a < 3 for a, b in (layers[1:3], layers[3:]))]
    chosen = revivals.turning_layers(curve, 2, window=2)
    assert least(chosen) == pytest.approx(max(map(least, near)))


def test_one_dip_is_no_alternation_and_noise_hides_one_without_a_verdict(large):
    dip = 0.5 * (1 - 0.3 * (LAYERS == 2))
    assert verdict(full_rank.alternation, plant(large, dip, noise=0.001)) == "contradicted"
    dips = 0.5 * (1 + 0.04 * (LAYERS < 6) * (LAYERS % 2) - 0.05 * (LAYERS > 5))
    assert verdict(full_rank.alternation, plant(large, dips, noise=0.001)) == "supported"
    assert verdict(full_rank.alternation, plant(large, dips, noise=0.1)) == "undecided"


def test_the_height_is_supported_by_a_curve_at_that_height_only(large):
    height = 1 - np.exp(-np.pi / 2)
    for level, expected in ((height, "supported"), (height + 0.1, "contradicted")):
        assert verdict(revivals.height_at_depths, plant(large, level, noise=0.01)) == expected


def test_the_exponent_of_the_spread_is_that_of_the_planted_one(small):
    rng = np.random.default_rng(3)
    for exponent, expected in ((0.0, "supported"), (0.5, "supported"), (2.0, "contradicted")):
        planted = {}
        for point in small:
            values = point.batch_size**exponent * rng.standard_normal((12, 24))
            data = point.measured.assign(participation_ratio=(("replicate", "layer"), values))
            planted[point.name] = point.parameters, data, point.predicted
        found = concentration.spread_exponent.samples(results.of(planted), SOFT)
        for sample in found:
            assert abs(sample.estimate.value - exponent) < 4 * sample.estimate.error
            assert sample.name.startswith("n = m | layer")
        if exponent != 0.5:
            assert verdict(concentration.spread_exponent, results.of(planted)) == expected


def test_nearly_full_is_a_share_of_what_the_shape_allows(small):
    for share, expected in ((0.99, "supported"), (0.9, "contradicted")):
        planted = plant(small, share, noise=0.001)
        wide = said_to_have(planted, lambda point: {"width": 8 * point.batch_size})
        assert verdict(full_rank.finite_width, wide) == expected


def said_to_have(found, values):
    """The same data, said to be of points with other values of some parameters."""
    return results.Results(
        [dataclasses.replace(p, parameters={**p.parameters, **values(p)}) for p in found]
    )


def test_a_planted_hump_has_the_depth_that_is_fitted():
    layers = np.arange(1, 41)
    inverse = 1 + 0.1 * (np.log(layers) - np.log(7.3)) ** 2
    assert finite_width.fitted_depth(inverse) == pytest.approx(7.3, rel=1e-6)
    assert finite_width.fitted_depth(layers.astype(float)) == 1


def test_all_of_a_hundred_networks_are_enough_for_a_share_of_nineteen_twentieths():
    full = samples.proportion(np.ones(100))
    assert full.value - 1.645 * full.error > units.leaky_exact_rank.accepted.lower


def test_initialisations_are_compared_between_points_that_differ_in_nothing_else():
    found = small_results(
        [
            {"width": [4, 8], "batch_size": [4], "initialisation": ["gaussian", "orthogonal"]},
            {"width": [4], "batch_size": [4], "depth": [3], "initialisation": ["orthogonal"]},
        ],
        replicates=2,
        depth=2,
    )
    pairs = list(found.pairs("initialisation", "orthogonal", "gaussian", ignoring=["extras"]))
    assert [(a.width, b.width, a.depth) for a, b in pairs] == [(4, 4, 2), (8, 8, 2)]


def test_points_with_explicit_weights_are_counted_in_no_claim(small, large, presets):
    section = presets["test"]["studies"][STUDY]
    preset = small_results(section["grid"], replicates=3, **section["fixed"])
    reduced = (small, large, preset)
    explicit = [said_to_have(found, lambda _: {"sampler": "explicit"}) for found in reduced]

    def says(claim, each):
        of = claim.definitions or (None,)
        return any(claim.samples(found, one) for found in each for one in of)

    for claim in CLAIMS:
        assert says(claim, reduced) == (claim.evidence is not None), claim.name
        assert not says(claim, explicit), claim.name


@pytest.mark.parametrize(
    ("axes", "depth"),
    [
        ({"width": [3], "batch_size": [2], "negative_slope": [0.5]}, 1),
        ({"width": [2], "batch_size": [4], "geometry": ["sphere"], "input_dimension": [2]}, 30),
        ({"width": [2], "batch_size": [2]}, 40),
    ],
)
def test_every_claim_works_on_any_grid(axes, depth):
    verify.judge(CLAIMS, small_results(axes, replicates=2, depth=depth), 0.95)


def test_the_abstracts_claims_say_that_they_are_known_from_it():
    for claim in CLAIMS:
        if claim.name[0] in "ABCDE":
            assert claim.basis == "abstract only"
    assert any(claim.evidence is None and "not available" in claim.scope for claim in CLAIMS)


def test_definitions_are_in_units_of_the_batch_and_counts_have_its_resolution(small):
    point = small.points[1]
    for rank in DEFINITIONS:
        curves = rank.curves(point)
        assert curves.shape == (12, 24)
        assert np.nanmax(curves) <= rank.most(point) + 1e-12
        if rank.counts:
            np.testing.assert_allclose(curves / rank.step(point), np.round(curves * 8))
