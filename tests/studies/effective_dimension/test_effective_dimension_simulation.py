"""The simulation: its contract, its switches, and its numbers against known values."""

import numpy as np
import pytest
import xarray as xr

from rankscope.errors import ParameterError
from rankscope.jobs.streams import streams
from rankscope.planning import parameters as checked
from rankscope.studies.effective_dimension import simulation, theory
from rankscope.studies.effective_dimension.parameters import Parameters
from rankscope.studies.effective_dimension.simulation import LABELS, inputs, simulate


def draw(count=4, seed=1, **values):
    point = Parameters(**values)
    point.check()
    return simulate(point, streams(seed, "effective_dimension", point, 0, count))


POINTS = (
    {"width": 9, "batch_size": 6},
    {"width": 30, "batch_size": 6, "sampler": "explicit", "bias_variance": 0.2},
    {"width": 6, "batch_size": 6, "initialisation": "orthogonal", "extras": False},
    {"width": 12, "batch_size": 6, "geometry": "clustered", "input_dimension": 3, "clusters": 2},
)


@pytest.mark.parametrize("values", POINTS)
def test_replicates_do_not_depend_on_how_they_are_batched(values):
    point = Parameters(depth=6, **values)
    seeds = streams(3, "effective_dimension", point, 0, 5)
    together = simulate(point, seeds)
    apart = [simulate(point, seeds[:3]), simulate(point, seeds[3:])]
    for name in together:
        assert np.array_equal(
            np.concatenate([part[name].values for part in apart]),
            together[name].values,
            equal_nan=True,
        ), name


def test_every_variable_is_labelled_and_has_replicates_and_layers_first():
    found = draw(width=8, batch_size=4, depth=3)
    assert set(found.data_vars) == set(LABELS)
    for variable in found.values():
        assert variable.dims[:2] == ("replicate", "layer")
        assert variable.attrs["units"] == "1"


def test_without_extras_nothing_else_changes():
    full = draw(width=8, batch_size=4, depth=4)
    point = Parameters(width=8, batch_size=4, depth=4)
    bare = simulate(
        Parameters(width=8, batch_size=4, depth=4, extras=False),
        streams(1, "effective_dimension", point, 0, 4),
    )
    assert {"gate_rank", "centred_effective_rank"} <= set(full) - set(bare)
    xr.testing.assert_identical(full[list(bare)], bare)


def test_the_stored_spectrum_gives_the_stored_ranks():
    found = draw(width=24, batch_size=12, depth=20)
    spectrum = found["singular_value"].values.astype(float)
    for tolerance in found["tolerance"].values:
        counts = (spectrum > tolerance * spectrum.max(axis=-1, keepdims=True)).sum(axis=-1)
        stored = found["numerical_rank"].sel({"tolerance": tolerance})
        assert np.array_equal(counts, stored)


def test_ranks_are_ordered_as_their_definitions_demand():
    found = draw(width=12, batch_size=12, depth=25)
    assert (found.exact_rank >= found.float32_rank).all()
    assert (found.float32_rank >= found.numerical_rank.isel(tolerance=2)).all()
    assert (found.exact_rank <= found.exact_rank_bound).all()
    assert (found.stable_rank <= found.participation_ratio * (1 + 1e-12)).all()
    assert (found.effective_rank >= found.effective_rank_of_eigenvalues * (1 - 1e-12)).all()
    assert (found.dead_units + found.linear_units + found.mixed_units == 12).all()


def test_a_dead_network_is_flagged_and_has_no_soft_rank():
    found = draw(count=6, width=2, batch_size=4, depth=40)
    dead = found.dead_network == 1
    assert dead.any()
    assert (found.exact_rank.where(dead, 0) == 0).all()
    assert found.stable_rank.where(dead).isnull().all()
    assert found.stable_rank.where(~dead, 1).notnull().all()


def test_linear_orthogonal_networks_keep_every_rank():
    found = draw(width=12, batch_size=5, depth=10, initialisation="orthogonal", negative_slope=1.0)
    assert (found.exact_rank == 5).all()
    np.testing.assert_allclose(found.participation_ratio, 5.0)
    np.testing.assert_allclose(found.log_norm, 0.0, atol=1e-12)


def test_centred_participation_ratio_is_that_of_the_finite_width_theory():
    point = Parameters(width=128, batch_size=32, depth=6, extras=False)
    found = simulate(point, streams(5, "effective_dimension", point, 0, 24))
    inverse = 1 / found.centred_participation_ratio
    expected = 1 / theory.predict(point).centred_participation_ratio
    error = inverse.std("replicate", ddof=1) / np.sqrt(24)
    # four standard errors and the next order in 1/n
    assert (abs(inverse.mean("replicate") - expected) < 4 * error + 0.02 * expected).all()


def test_dead_units_are_as_many_as_predicted():
    point = Parameters(width=256, batch_size=16, depth=12, extras=False)
    found = simulate(point, streams(6, "effective_dimension", point, 0, 24)).dead_units
    expected = theory.predict(point).dead_units
    error = found.std("replicate", ddof=1) / np.sqrt(24)
    assert (abs(found.mean("replicate") - expected) < 4 * error + 0.01 * 256).all()


@pytest.mark.parametrize("geometry", ["orthonormal", "sphere", "clustered", "digits"])
def test_every_input_has_mean_square_one(geometry):
    dimension = 7 if geometry in ("sphere", "clustered") else 0
    point = Parameters(width=4, batch_size=20, geometry=geometry, input_dimension=dimension)
    batch = inputs.batch(point, np.random.default_rng(0))
    assert batch.shape == (20, point.fan_in)
    np.testing.assert_allclose((batch**2).mean(axis=1), 1.0)


def test_clusters_are_tight():
    point = Parameters(
        width=4, batch_size=30, geometry="clustered", input_dimension=50, clusters=3, spread=0.1
    )
    batch = inputs.batch(point, np.random.default_rng(0))
    cosine = batch @ batch.T / 50
    same = np.equal.outer(np.arange(30) % 3, np.arange(30) % 3)
    assert cosine[same].min() > 0.95
    assert abs(cosine[~same]).max() < 0.7


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"width": 0}, "width must be at least 1, got 0"),
        ({"width": 4, "batch_size": 1}, "batch_size must be at least 2, got 1"),
        ({"width": 4, "geometry": "cube"}, "geometry must be one of .* got 'cube'"),
        ({"width": 4, "geometry": "sphere"}, "input_dimension must be at least 2 .* got 0"),
        ({"width": 4, "input_dimension": 3}, "input_dimension must be 0 .* got 3"),
        ({"width": 4, "negative_slope": 1.5}, "negative_slope must be at most 1, got 1.5"),
        ({"width": 4, "bias_variance": -1.0}, "bias_variance must be at least 0, got -1.0"),
        ({"width": 4, "batch_size": 1798, "geometry": "digits"}, "at most 1797 .* got 1798"),
        ({"width": 4, "sampler": "fast"}, "sampler must be one of .* got 'fast'"),
        ({"width": 4, "spread": 0.0}, "spread must be at least 0.001, got 0.0"),
    ],
)
def test_impossible_values_are_named(values, message):
    with pytest.raises(ParameterError, match=message):
        checked.build(Parameters, values, "here")


def test_cost_grows_with_every_size():
    small = Parameters(width=32).cost().seconds
    assert Parameters(width=64).cost().seconds > small
    assert Parameters(width=32, batch_size=128).cost().seconds > small
    assert Parameters(width=32, depth=100).cost().seconds > small


def test_preactivations_have_the_rank_of_the_features_before_them():
    found = draw(width=12, batch_size=12, depth=15)
    before = found.exact_rank.shift(layer=1, fill_value=12)
    assert (found.preactivation_rank == before).all()


def test_a_jacobian_loses_the_units_that_are_off_at_its_input_and_regains_nothing():
    found = draw(count=8, width=20, batch_size=12, depth=15)
    assert (found.jacobian_rank.diff("layer") <= 0).all()
    assert (found.jacobian_rank.isel(layer=-1) < 12).any()
    assert (found.jacobian_participation_ratio <= found.jacobian_rank + 1e-9).all()


def test_the_participation_ratio_of_a_jacobian_is_that_of_half_the_units():
    point = Parameters(width=256, batch_size=32, depth=1)
    found = simulate(point, streams(4, "effective_dimension", point, 0, 24))
    inverse = (1 / found.jacobian_participation_ratio).mean()
    # a Wishart matrix of 32 directions and 128 units
    assert inverse == pytest.approx(1 / 32 + 1 / 128, rel=0.03)


def test_an_absolute_tolerance_counts_what_a_relative_one_cannot_see():
    linear = {"width": 8, "batch_size": 8, "depth": 3, "initialisation": "orthogonal"}
    found = draw(negative_slope=1.0, **linear)
    assert (found.absolute_rank == 8).all()
    collapsed = draw(width=64, batch_size=8, depth=60)
    assert (collapsed.absolute_rank <= 8).all()
    assert (collapsed.absolute_rank.isel(layer=-1) < 8).any()


def test_deep_predictions_of_first_order_are_masked():
    found = theory.predict(Parameters(width=64, batch_size=12, depth=20))
    for name in ("centred_participation_ratio", "raw_centred_participation_ratio"):
        assert found[name].notnull().sum() == 8
        assert (found[name].dropna("layer") > 1).all()
    assert (
        theory.predict(Parameters(width=64, batch_size=2))
        .centred_participation_ratio.isnull()
        .all()
    )


def test_spectra_by_gram_matrices_are_those_of_svds_where_they_can_tell():
    generator = np.random.default_rng(4)
    wide = generator.standard_normal((6, 40))
    flat = wide.copy()
    flat[5] = flat[0] + 1e-9 * flat[1]
    found = [simulation._spectrum(one, 6, gram=True) for one in (wide, flat)]
    expected = [np.linalg.svd(one, compute_uv=False) for one in (wide, flat)]
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
    # the least value is below what a Gram matrix can tell from 0
    assert found[1][5] == pytest.approx(expected[1][5], rel=1e-5)
    by_gram = np.sqrt(np.abs(np.linalg.eigvalsh(flat @ flat.T)[0]))
    assert by_gram != pytest.approx(expected[1][5], rel=1e-2)


@pytest.mark.parametrize("shape", [(6, 4), (6, 6), (6, 40)])
def test_gates_keep_their_spectrum_without_their_constant_columns(shape):
    values = np.random.default_rng(5).standard_normal(shape)
    values[:, :2], values[:, 2] = abs(values[:, :2]), -1
    expected = np.linalg.svd((values > 0).astype(float), compute_uv=False)
    found = simulation._spectrum(simulation._gates(values), min(shape))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_full_rank_is_seen_without_a_spectrum_and_less_is_not_taken_for_it():
    wide = np.random.default_rng(6).standard_normal((6, 40))
    for least, full in ((1.0, True), (1e-5, True), (1e-8, False), (0.0, False)):
        wide[5] = wide[0] + least * wide[5]
        values = np.linalg.svd(wide, compute_uv=False)
        spectrum, ratio = simulation._spectrum_and_ratio(wide, 6)
        assert ratio == pytest.approx((values**2).sum() ** 2 / (values**4).sum())
        np.testing.assert_allclose(spectrum, np.ones(6) if full else values, atol=1e-12)
