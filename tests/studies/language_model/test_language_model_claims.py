"""Claims on planted data: each is supported where its statement holds, contradicted where not."""

import numpy as np
import pytest
import xarray as xr

from rankscope.evidence import claims as evidence
from rankscope.evidence import results, verdicts
from rankscope.planning import parameters
from rankscope.studies.language_model import claims, selection, theory
from rankscope.studies.language_model.claims import accuracy, directions, updates

RUNS = "head+full+lora-4+lora-64+randlora-32+lora-8+lora-8.q+lora-8.k+lora-8.v+lora-8.o"
REPLICATES = 8
NOISE = 1e-3


@pytest.fixture
def point(build):
    return build(runs=RUNS, targets="qv", twins="full+lora-64", test_texts=100, test_pool=100)


def made(point, *dims, mean=0.0, noise=NOISE, replicates=REPLICATES, **planted):
    """A variable with noise, and other means where ``planted`` says so along the first dim."""
    sizes = {
        "replicate": range(replicates),
        "run": [run.name for run in point.run_list()],
        "matrix": point.matrix_names(),
        "probed_rank": (1, 2, 4, 8, 16, 32, 64),
        "kept": (0, 1, 4, 16, 64),
        "block": ("5 attention", "5 layer"),
        "edge": ("LoRA - full", "LoRA - RandLoRA", "full - RandLoRA"),
        "pair": (directions.SAME_SEED, directions.OTHER_SEED, directions.TWO_SEEDS, "random"),
        "side": ("A",),
        "phi_i": (1, 8, 64),
        "phi_j": (1, 8, 64),
    }
    coordinates = {name: list(sizes[name]) for name in ("replicate", *dims)}
    shape = [len(labels) for labels in coordinates.values()]
    drawn = np.random.default_rng(0).normal(mean, noise, shape)
    array = xr.DataArray(drawn, coords=coordinates, dims=list(coordinates))
    for label, value in planted.items():
        array.loc[{dims[0]: label}] += value - mean
    return array


def of(point, **variables):
    """Results of one point, with its theory."""
    predicted = theory.predict(point)
    rates = xr.full_like(predicted.trainable_parameters, 0.005, dtype=float)
    fixed = {"trainable_parameters": predicted.trainable_parameters, "rate": rates}
    measured = xr.Dataset({**fixed, **variables})
    return results.of({"p": (parameters.as_dict(point), measured, predicted)})


def judge(claim, found):
    return verdicts.judge(claim, {"": claim.samples(found)}, 0.95)


def verdict(claim, found):
    points = judge(claim, found)
    return verdicts.summarise(claim, points)["verdict"]


GOOD = dict.fromkeys(RUNS.split("+"), 0.9) | {"head": 0.8}
ACCURACIES = [
    (accuracy.small_ranks, {}, {"lora-4": 0.7}),
    (accuracy.as_good_as_full, {}, {"full": 0.95}),
    (accuracy.full_rank_wins, {"randlora-32": 0.95}, {"randlora-32": 0.85}),
    (accuracy.closes_the_gap, {}, {"randlora-32": 0.85}),
]


@pytest.mark.parametrize(("claim", "holds", "fails"), ACCURACIES)
def test_an_accuracy_that_is_planted_is_found(point, claim, holds, fails):
    for planted, expected in ((holds, "supported"), (fails, "contradicted")):
        values = made(point, "run", mean=0.0, **(GOOD | planted))
        assert verdict(claim, of(point, test_accuracy=values)) == expected


SIZED = "lora-2.qv+lora-4.q+lora-4.k+lora-4.v+lora-4.o"
BEST = {"lora-2.qv": 0.9, "lora-4.q": 0.7, "lora-4.k": 0.7, "lora-4.v": 0.8, "lora-4.o": 0.8}


@pytest.mark.parametrize(
    ("claim", "fails"),
    [
        (accuracy.query_and_value, {"lora-2.qv": 0.7}),
        (accuracy.not_query_or_key_alone, {"lora-4.k": 0.95}),
        (accuracy.value_or_output, {"lora-4.q": 0.95}),
    ],
)
def test_choices_of_matrices_are_compared_at_equal_size(build, claim, fails):
    sized = build(runs=SIZED, targets="qkvo", test_texts=100, test_pool=100)
    for planted, expected in (({}, "supported"), (fails, "contradicted")):
        values = made(sized, "run", **(BEST | planted))
        assert verdict(claim, of(sized, test_accuracy=values)) == expected
    other = build(runs="lora-2.qv+lora-2.q", targets="qkvo", test_texts=100, test_pool=100)
    assert claim.samples(of(other, test_accuracy=made(other, "run", mean=0.8))) == []


def test_many_choices_are_one_comparison(build):
    sized = build(runs=SIZED, targets="qkvo", test_texts=100, test_pool=100)
    (sample,) = accuracy.query_and_value.samples(
        of(sized, test_accuracy=made(sized, "run", noise=0.0, **BEST))
    )
    np.testing.assert_allclose(sample.values, 0.9 - (0.7 + 0.7 + 0.8 + 0.8) / 4)


def test_where_the_head_alone_does_as_well_nothing_is_shown(point):
    values = made(point, "run", **(GOOD | {"head": 0.89}))
    for claim in (accuracy.small_ranks, accuracy.as_good_as_full, accuracy.closes_the_gap):
        assert claim.samples(of(point, test_accuracy=values)) == []
    worse = made(point, "run", noise=0.0, **GOOD)
    table = judge(accuracy.small_ranks, of(point, test_accuracy=worse))
    np.testing.assert_allclose(table.chance, -0.1, err_msg="what the head alone would give")


def test_differences_are_paired_over_replicates(point):
    shared = xr.DataArray(np.linspace(-0.3, 0.3, REPLICATES), dims="replicate")
    values = made(point, "run", mean=0.8, head=0.5) + shared
    table = judge(accuracy.small_ranks, of(point, test_accuracy=values))
    assert (table.error < 0.01).all(), "what replicates share is no error of the difference"
    assert set(table.verdict) == {"supported"}


def test_noise_leaves_a_claim_undecided(point):
    values = made(point, "run", mean=0.8, head=0.5, noise=0.1, replicates=4)
    table = judge(accuracy.as_good_as_full, of(point, test_accuracy=values))
    assert set(table.verdict) == {"undecided"}


def test_equal_values_by_the_coarseness_of_the_scale_are_no_certainty(build):
    coarse = build(runs="head+lora-1+lora-2", test_texts=10, test_pool=10)
    values = made(coarse, "run", mean=0.8, head=0.5, noise=0.0, replicates=3)
    table = judge(accuracy.small_ranks, of(coarse, test_accuracy=values))
    assert table.error.iloc[0] == pytest.approx(0.1 * np.sqrt(2 / 7 * 5 / 7 / 7))
    assert table.verdict.iloc[0] == "undecided"


def test_one_replicate_decides_nothing(point):
    values = made(point, "run", mean=0.8, head=0.5, replicates=1)
    table = judge(accuracy.small_ranks, of(point, test_accuracy=values))
    assert set(table.verdict) == {"undecided"}


def test_a_replicate_that_gave_no_number_leaves_its_point_undecided(point):
    values = made(point, "run", mean=0.8, head=0.5)
    values[0, :] = np.nan
    table = judge(accuracy.small_ranks, of(point, test_accuracy=values))
    assert set(table.missing) == {1}
    assert set(table.verdict) == {"undecided"}


def shared(point, **planted):
    dims = ("pair", "side", "matrix", "phi_i", "phi_j")
    null = theory.predict(point).phi_null.sel(side=["A"], phi_i=[1, 8, 64], phi_j=[1, 8, 64])
    return made(point, *dims) + null.drop_attrs() + xr.DataArray(
        [planted.get(name, 0.0) for name in ("same", "other", "seeds", "random")],
        dims="pair",
        coords={"pair": [directions.SAME_SEED, directions.OTHER_SEED, directions.TWO_SEEDS,
                         "random"]},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("claim", "holds", "fails"),
    [
        (directions.same_seed, {"same": 0.8}, {"other": 0.8}),
        (directions.other_seed, {"other": 0.8}, {"same": 0.8}),
        (directions.more_than_chance, {"seeds": 0.1}, {"seeds": -0.01}),
    ],
)
def test_directions_that_are_shared_are_found(point, claim, holds, fails):
    assert verdict(claim, of(point, phi=shared(point, **holds))) == "supported"
    assert verdict(claim, of(point, phi=shared(point, **fails))) == "contradicted"


def test_the_null_of_shared_directions_is_that_of_the_width(point):
    table = judge(directions.same_seed, of(point, phi=shared(point)))
    np.testing.assert_allclose(table.chance, 1 / 384)


@pytest.mark.parametrize(("letter", "expected"), [("q", "supported"), ("v", "contradicted")])
def test_query_and_value_are_compared_layer_by_layer(point, letter, expected):
    phi = shared(point)
    phi.loc[{"matrix": f"5.{letter}"}] += 0.1
    assert verdict(directions.query_shares_more, of(point, phi=phi)) == expected


def test_pairs_that_were_not_trained_say_nothing(point):
    phi = shared(point).sel(pair=["random"])
    for claim in (directions.same_seed, directions.other_seed, directions.more_than_chance):
        assert claim.samples(of(point, phi=phi)) == []


PROBED = ("run", "matrix", "probed_rank")


@pytest.mark.parametrize(
    ("log", "expected"),
    [(1.0, "supported"), (np.log(1.24), "contradicted"), (-0.5, "contradicted")],
)
def test_amplification_is_weight_beyond_what_any_gradient_gives(point, log, expected):
    alignment = np.exp(made(point, *PROBED, mean=log))
    assert verdict(updates.amplifies, of(point, alignment=alignment)) == expected


@pytest.mark.parametrize(
    ("run", "expected"),
    # the alignment is the null over the factor: more of it is less amplification
    [("lora-4", "supported"), ("lora-64", "contradicted")],
)
def test_the_fall_of_amplification_is_read_against_that_of_chance(point, run, expected):
    found = of(point, alignment=np.exp(made(point, *PROBED, **{run: 1.0})))
    assert verdict(updates.falls_as_chance_does, found) == expected
    assert judge(updates.falls_as_chance_does, found).chance.iloc[0] == np.log(64 / 4)


@pytest.mark.parametrize(
    ("log", "expected"), [(0.0, "supported"), (0.3, "contradicted"), (-0.3, "contradicted")]
)
def test_chance_is_a_factor_to_both_sides(point, log, expected):
    alignment = np.exp(made(point, *PROBED, mean=log))
    assert verdict(updates.amplification_at_chance, of(point, alignment=alignment)) == expected


COUNTS = ("intruders", "intruders_random", "intruders_full_norm")


@pytest.mark.parametrize(
    ("claim", "counts", "expected"),
    [
        (updates.intruders, {"intruders": {"full": 1.0}}, "supported"),
        (updates.intruders, {}, "contradicted"),
        (updates.intruders_of_its_norm, {}, "supported"),
        (updates.intruders_of_its_norm, {"intruders_random": {"lora-4": 6.0}}, "contradicted"),
        (updates.no_intruders_at_equal_norm, {}, "supported"),
        (updates.no_intruders_at_equal_norm, {"intruders": {"full": 1.0}}, "contradicted"),
    ],
)
def test_counts_of_intruders_are_compared(point, claim, counts, expected):
    variables = {
        name: made(
            point, "run", "matrix", mean=3.0, noise=0.1, replicates=40, **counts.get(name, {})
        )
        for name in COUNTS
    }
    assert verdict(claim, of(point, **variables)) == expected


def test_counts_are_read_on_the_scale_of_one_direction_of_one_matrix(point):
    variables = {name: made(point, "run", "matrix", mean=3.0, noise=0.0) for name in COUNTS}
    table = judge(updates.intruders_of_its_norm, of(point, **variables))
    share = 2 / (REPLICATES + 4)
    step = np.sqrt(share * (1 - share) / (REPLICATES + 4))
    np.testing.assert_allclose(table.error, step / 2, err_msg="two matrices, q and v")


def test_updates_too_small_for_intruders_show_nothing(point):
    counts = {name: made(point, "run", "matrix", mean=0.5) for name in COUNTS}
    assert updates.intruders_of_its_norm.samples(of(point, **counts)) == []


def test_counts_name_the_rates_at_which_they_were_made(point):
    counts = {name: made(point, "run", "matrix", mean=3.0) for name in COUNTS}
    table = judge(updates.intruders, of(point, **counts))
    assert table.point.iloc[0] == "p | lora-4 at 0.005 - full at 0.005"


@pytest.mark.parametrize(
    ("twin", "expected"), [(0.8, "supported"), (0.9, "supported"), (0.99, "contradicted")]
)
def test_another_seed_of_full_fine_tuning_is_what_closeness_is_measured_by(point, twin, expected):
    cka = made(point, "run", "block", mean=0.6, **{"randlora-32": 0.9})
    found = of(point, cka=cka, cka_full=made(point, "block", mean=twin))
    assert verdict(updates.as_close_as_another_seed, found) == expected
    same = of(point, cka=cka, cka_full=made(point, "block", mean=0.6))
    assert updates.as_close_as_another_seed.samples(same) == [], "LoRA would pass too"


@pytest.mark.parametrize(("cka", "expected"), [(0.9, "supported"), (0.5, "contradicted")])
def test_the_closer_representation_wins(point, cka, expected):
    values = made(point, "run", "block", mean=0.7, **{"randlora-32": cka})
    assert verdict(updates.closer_to_full, of(point, cka=values)) == expected


@pytest.mark.parametrize(("barrier", "expected"), [(0.0, "supported"), (0.2, "contradicted")])
def test_a_barrier_is_seen(point, barrier, expected):
    values = made(point, "edge", mean=barrier)
    assert verdict(updates.one_basin, of(point, barrier=values)) == expected


def test_a_point_has_only_its_own_runs_and_matrices(point):
    (found,) = of(point, relative_norm=made(point, "run", "matrix"))
    names = [run.name for run in selection.runs(found, "lora", "full")]
    assert names == ["full", "lora-4", "lora-8", "lora-64"], "by method and rank"
    (run,) = [run for run in selection.all_runs(found) if run.name == "lora-8.q"]
    assert selection.of(found, "relative_norm", run).matrix.values.tolist() == ["5.q"]


def test_a_claim_without_points_is_not_tested(build):
    head = build(runs="head", targets="q")
    values = made(head, "run", mean=0.8)
    phi = xr.DataArray(
        np.zeros((REPLICATES, 1)), dims=("replicate", "pair"), coords={"pair": ["random"]}
    )
    found = of(head, test_accuracy=values, phi=phi)
    for claim in evidence.of(claims):
        assert claim.samples(found) == [], claim.name


def test_every_claim_has_a_test_or_says_why_it_has_none():
    found = evidence.of(claims)
    assert [claim.name for claim in found if claim.evidence is None] == [
        "LoRA 12: numbers of tables 5 and 6",
        "LoRA 13: memory and speed",
        "RandLoRA 4: accuracies on vision and language benchmarks",
        "RandLoRA 5: training time",
    ]
    assert found[-4:] == tuple(claim for claim in found if claim.evidence is None), "they are last"
    for claim in found[:-4]:
        assert claim.accepted.why, claim.name
        assert "{accepted}" in claim.statement, claim.name
