"""Claims on planted data: each is supported where its statement holds, contradicted where not."""

import numpy as np
import pytest
import xarray as xr

from rankscope.evidence import audit, results, verdicts
from rankscope.evidence import claims as evidence
from rankscope.planning import parameters
from rankscope.studies.language_model import claims, plants, selection, theory
from rankscope.studies.language_model.claims import accuracy, directions, tasks, updates

RUNS = (
    "head+full+lora-1+lora-2+lora-4+lora-8+lora-64+rslora-64+vera-64+randlora-128+randlora-26"
    "+relora-8+lora-8.q+lora-8.k+lora-8.v+lora-8.o"
)
REPLICATES = 8
TEXTS = 400
NOISE = 1e-3


@pytest.fixture
def point(build):
    return build(runs=RUNS, targets="qv", twins="full+lora-64")


def made(point, *dims, mean=0.0, noise=NOISE, replicates=REPLICATES, **planted):
    """A variable with noise, and other means where ``planted`` says so along the first dim."""
    sizes = {
        "replicate": range(replicates),
        "run": [run.name for run in point.run_list()],
        "matrix": point.matrix_names(),
        "probed_rank": (1, 2, 4, 8, 16, 32, 64),
        "kept": (0, 1, 2, 4, 8, 16, 64),
        "text": range(TEXTS),
        "pair": (directions.SAME_SEED, directions.OTHER_SEED, directions.TWO_SEEDS, "random"),
        "direction": (1, 8, 64),
    }
    coordinates = {name: list(sizes[name]) for name in ("replicate", *dims)}
    shape = [len(labels) for labels in coordinates.values()]
    drawn = np.random.default_rng(0).normal(mean, noise, shape)
    array = xr.DataArray(drawn, coords=coordinates, dims=list(coordinates))
    for label, value in planted.items():
        array.loc[{dims[0]: label}] += value - mean
    return array


def of(point, name="p", **variables):
    """Results of one point, with its theory."""
    predicted = theory.predict(point)
    rates = xr.full_like(predicted.trainable_parameters, 0.005, dtype=float)
    fixed = {"trainable_parameters": predicted.trainable_parameters, "rate": rates}
    measured = xr.Dataset({**fixed, **variables})
    return results.of({name: (parameters.as_dict(point), measured, predicted)})


def judge(claim, found):
    return verdicts.judge(claim, {"": claim.samples(found)}, 0.95)


def verdict(claim, found):
    points = judge(claim, found)
    return verdicts.summarise(claim, points)["verdict"]


GOOD = dict.fromkeys(RUNS.split("+"), 0.9) | {"head": 0.8, "full": 0.91, "lora-1": 0.895}
ACCURACIES = [
    (accuracy.adapter_over_head, {}, {"lora-64": 0.81}),
    (accuracy.full_over_rank_one, {}, {"full": 0.896}),
    (accuracy.small_ranks, {}, {"lora-4": 0.7}),
    (accuracy.as_good_as_full, {"lora-1": 0.85}, {"full": 0.95}),
    (accuracy.stabilised_wins, {"rslora-64": 0.91}, {}),
    (accuracy.full_rank_wins, {"randlora-26": 0.95, "randlora-128": 0.95}, {}),
    (accuracy.closes_the_gap, {}, {"randlora-26": 0.85}),
    (accuracy.restarts_win, {"relora-8": 0.91}, {}),
    (accuracy.restarts_reach_large_ranks, {}, {"relora-8": 0.85}),
    (accuracy.better_than_vera, {"vera-64": 0.85}, {"vera-64": 0.903}),
]


@pytest.mark.parametrize(("claim", "holds", "fails"), ACCURACIES)
def test_an_accuracy_that_is_planted_is_found(point, claim, holds, fails):
    for planted, expected in ((holds, "supported"), (fails, "contradicted")):
        values = made(point, "run", "text", **(GOOD | planted))
        assert verdict(claim, of(point, correct=values)) == expected


CONTROLS = [
    # the control that a claim has, without which it says nothing
    (accuracy.small_ranks, {"head": 0.885}),
    (accuracy.as_good_as_full, {"head": 0.895}),
    (accuracy.closes_the_gap, {"head": 0.895}),
    (accuracy.stabilised_wins, {"full": 0.9}),
    (accuracy.full_rank_wins, {"full": 0.9}),
    (accuracy.better_than_vera, {"full": 0.9}),
    (accuracy.restarts_win, {"full": 0.9}),
    (accuracy.restarts_reach_large_ranks, {"head": 0.885}),
]


@pytest.mark.parametrize(("claim", "fails"), CONTROLS)
def test_where_its_control_fails_a_comparison_is_not_tested(point, claim, fails):
    values = made(point, "run", "text", **(GOOD | fails))
    assert verdict(claim, of(point, correct=values)) == "not tested"


def test_a_control_that_is_not_clear_is_none(point):
    values = made(point, "run", "text", noise=5.0, **GOOD)
    for claim, _ in CONTROLS:
        assert claim.samples(of(point, correct=values)) == []


def test_the_head_alone_is_the_null(point):
    values = made(point, "run", "text", noise=0.0, **GOOD)
    table = judge(accuracy.small_ranks, of(point, correct=values))
    np.testing.assert_allclose(table.chance, -0.1)


@pytest.mark.parametrize(
    ("better", "expected"),
    [((0.95, 0.953, 0.947), "supported"), ((0.89, 0.888, 0.892), "contradicted")],
)
def test_tasks_are_averaged_with_the_spread_between_them(build, better, expected):
    found = tasks_of(build, *better)
    assert verdict(tasks.full_rank_wins_over_tasks, found) == expected
    (row,) = judge(tasks.full_rank_wins_over_tasks, found).itertuples()
    assert (row.point, row.part, row.replicates) == ("3 tasks", "randlora-26 - lora-8", 3)
    far = judge(tasks.full_rank_wins_over_tasks, tasks_of(build, 0.99, 0.95, 0.9))
    assert far.error.item() > 10 * row.error
    assert tasks.full_rank_wins_over_tasks.samples(results.Results(found.points[:1])) == []


def test_the_mean_over_tasks_passes_its_audit(build):
    rows = audit.audit(
        [tasks.full_rank_wins_over_tasks], plants, tasks_of(build, 0.902, 0.903, 0.904),
        confidence=0.95, draws=60, seed=1,
    )  # fmt: skip
    assert rows.sound.all(), rows.to_string()
    assert rows.powerful.all(), rows.to_string()
    assert rows.found.all(), rows.to_string()


def tasks_of(build, *better):
    """Results of three tasks in which RandLoRA does so well."""
    runs = "head+full+lora-8+randlora-26"
    good = {"head": 0.8, "full": 0.91, "lora-8": 0.9}
    found = []
    for task, accuracy_ in zip(("tweets", "bbc", "r52"), better, strict=True):
        point = build(runs=runs, targets="qkvo", task=task)
        values = made(point, "run", "text", noise=0.02, **good, **{"randlora-26": accuracy_})
        found += of(point, task, correct=values)
    return results.Results(found)


SIZED = "head+lora-1+lora-2.qv+lora-4.q+lora-4.k+lora-4.v+lora-4.o"
BEST = {"head": 0.6, "lora-1": 0.8, "lora-2.qv": 0.9, "lora-4.q": 0.7, "lora-4.k": 0.7}
BEST |= {"lora-4.v": 0.8, "lora-4.o": 0.8}


@pytest.mark.parametrize(
    ("claim", "fails"),
    [
        (accuracy.query_and_value, {"lora-2.qv": 0.7}),
        (accuracy.not_query_or_key_alone, {"lora-4.k": 0.95}),
    ],
)
def test_choices_of_matrices_are_compared_at_equal_size(build, claim, fails):
    sized = build(runs=SIZED, targets="qkvo")
    for planted, expected in (
        ({}, "supported"),
        (fails, "contradicted"),
        ({"head": 0.79}, "not tested"),
    ):
        values = made(sized, "run", "text", **(BEST | planted))
        assert verdict(claim, of(sized, correct=values)) == expected
    other = build(runs="head+lora-2+lora-2.qv+lora-2.q", targets="qkvo")
    values = made(other, "run", "text", mean=0.8, head=0.6)
    assert claim.samples(of(other, correct=values)) == []


def test_many_choices_are_one_comparison(build):
    sized = build(runs=SIZED, targets="qkvo")
    (sample,) = accuracy.query_and_value.samples(
        of(sized, correct=made(sized, "run", "text", **BEST))
    )
    expected = 0.9 - (0.7 + 0.7 + 0.8 + 0.8 + 0.8) / 5
    assert sample.estimate.value == pytest.approx(expected, abs=0.002)


CUTS = [
    # lost at no, and at the others' directions
    (accuracy.low_intrinsic_rank, (0.8, 0.9), "supported"),
    (accuracy.low_intrinsic_rank, (0.8, 0.85), "contradicted"),
    (accuracy.low_intrinsic_rank, (0.9, 0.89), "not tested"),
    (accuracy.its_rank_is_used, (0.7, 0.8), "supported"),
    (accuracy.its_rank_is_used, (0.7, 0.9), "contradicted"),
    (accuracy.its_rank_is_used, (0.9, 0.8), "not tested"),
]


@pytest.mark.parametrize(("claim", "left", "expected"), CUTS)
def test_what_a_cut_update_keeps_is_found(point, claim, left, expected):
    cut = made(point, "run", "kept", "text", mean=left[1])
    cut.loc[{"kept": 0}] += left[0] - left[1]
    found = of(point, correct=made(point, "run", "text", **GOOD), truncated_correct=cut)
    assert verdict(claim, found) == expected


def test_differences_are_paired_over_replicates_and_texts(point):
    shared = xr.DataArray(np.linspace(-0.3, 0.3, REPLICATES), dims="replicate")
    shared = shared + xr.DataArray(np.linspace(-0.2, 0.2, TEXTS), dims="text")
    values = made(point, "run", "text", **GOOD) + shared
    table = judge(accuracy.small_ranks, of(point, correct=values))
    assert (table.error < 0.01).all(), "what replicates share is no error of the difference"
    assert set(table.verdict) == {"supported"}


def test_texts_on_which_two_runs_differ_are_an_error_of_their_difference(point):
    values = made(point, "run", "text", **GOOD)
    values.loc[{"run": "full"}] += xr.DataArray(np.tile([0.2, -0.2], TEXTS // 2), dims="text")
    table = judge(accuracy.as_good_as_full, of(point, correct=values))
    assert table.error.min() > 0.0099
    assert set(table.verdict) == {"undecided"}


def test_a_replicate_that_gave_no_number_leaves_its_point_undecided(point):
    values = made(point, "run", "text", **GOOD)
    values.loc[{"replicate": 0, "run": "lora-4"}] = np.nan
    table = judge(accuracy.small_ranks, of(point, correct=values)).set_index("part")
    assert table.missing["lora-4 - lora-64"] == 1
    assert table.verdict["lora-4 - lora-64"] == "undecided"
    assert table.verdict["lora-8 - lora-64"] == "supported"


def test_every_claim_about_accuracy_passes_its_audit(build):
    point = build(runs=RUNS.partition("+lora-8.q")[0], targets="qv")
    table = build(runs=SIZED, targets="qkvo")
    good = {run.name: GOOD[run.name] for run in point.run_list()}
    cut = made(point, "run", "kept", "text", mean=0.85)
    cut.loc[{"kept": 0}] -= 0.1
    found = results.Results(
        [
            *of(point, correct=made(point, "run", "text", **good), truncated_correct=cut),
            *of(table, "table", correct=made(table, "run", "text", **BEST)),
        ]
    )
    of_accuracy = evidence.of(accuracy)
    # the tables of matrices and of ranks are two points
    for claim in of_accuracy:
        points = [p for p in found if claim.samples(results.Results([p]))]
        assert points, claim.name
        rows = audit.audit(
            [claim], plants, results.Results(points), confidence=0.95, draws=5, seed=1
        )
        assert rows.sound.all(), rows.to_string()
        assert rows.powerful.all(), rows.to_string()
        assert rows.found.all(), rows.to_string()


SHUFFLED = 0.1


def shared(point, shuffled=SHUFFLED, **planted):
    """Similarities of pairs above those on shuffled labels."""
    dims = ("pair", "matrix", "direction")
    more = xr.DataArray(
        [planted.get(name, 0.0) for name in ("same", "other", "seeds", "random")],
        dims="pair",
        coords={"pair": [directions.SAME_SEED, directions.OTHER_SEED, directions.TWO_SEEDS,
                         "random"]},
    )  # fmt: skip
    return {
        "phi": made(point, *dims, mean=SHUFFLED) + more,
        "phi_shuffled": made(point, *dims, mean=shuffled, noise=2 * NOISE),
    }


@pytest.mark.parametrize(
    ("claim", "holds", "fails"),
    [
        (directions.same_seed, {"same": 0.7}, {"other": 0.7}),
        (directions.other_seed, {"other": 0.7}, {"same": 0.7}),
        (directions.more_than_chance, {"seeds": 0.1}, {"seeds": 0.0}),
    ],
)
def test_directions_that_are_shared_are_found(point, claim, holds, fails):
    assert verdict(claim, of(point, **shared(point, **holds))) == "supported"
    assert verdict(claim, of(point, **shared(point, **fails))) == "contradicted"


def test_the_null_of_shared_directions_is_that_of_shuffled_labels(point):
    table = judge(directions.same_seed, of(point, **shared(point)))
    np.testing.assert_allclose(table.chance, SHUFFLED, atol=2 * NOISE)
    without_a_task = of(point, **shared(point, shuffled=0.6, same=0.7))
    assert directions.same_seed.samples(without_a_task) == []


@pytest.mark.parametrize(("letter", "expected"), [("q", "supported"), ("v", "contradicted")])
def test_query_and_value_are_compared_layer_by_layer(point, letter, expected):
    found = shared(point)
    found["phi"].loc[{"matrix": f"5.{letter}"}] += 0.1
    assert verdict(directions.query_shares_more, of(point, **found)) == expected


def test_pairs_that_were_not_trained_say_nothing(point):
    found = {name: values.sel(pair=["random"]) for name, values in shared(point).items()}
    for claim in (directions.same_seed, directions.other_seed, directions.more_than_chance):
        assert claim.samples(of(point, **found)) == []


PROBED = ("run", "matrix", "probed_rank")


@pytest.mark.parametrize(
    ("log", "expected"),
    [(1.0, "supported"), (np.log(1.24), "contradicted"), (-0.5, "contradicted")],
)
def test_amplification_is_weight_beyond_what_any_gradient_gives(point, log, expected):
    alignment = np.exp(made(point, *PROBED, mean=log))
    for null, found in ((0.1, expected), (0.8, "not tested")):
        shuffled = np.exp(made(point, *PROBED[1:], mean=null))
        variables = {"alignment": alignment, "alignment_shuffled": shuffled}
        assert verdict(updates.amplifies, of(point, **variables)) == found


@pytest.mark.parametrize(
    ("run", "expected"),
    # the alignment is the null over the factor: more of it is less amplification
    [("lora-4", "supported"), ("lora-64", "contradicted")],
)
def test_the_fall_of_amplification_is_read_against_that_of_chance(point, run, expected):
    found = of(point, alignment=np.exp(made(point, *PROBED, **{run: 1.0})))
    assert verdict(updates.falls_as_chance_does, found) == expected
    assert judge(updates.falls_as_chance_does, found).chance.iloc[0] == np.log(64 / 4)


COUNTS = ("intruders", "intruders_random", "intruders_full_norm", "intruders_equal_loss", "rank_99")


@pytest.mark.parametrize(
    ("claim", "counts", "expected"),
    [
        (updates.intruders, {"intruders": {"full": 1.0}}, "supported"),
        (updates.intruders, {}, "contradicted"),
        (updates.intruders_at_equal_loss, {"intruders_equal_loss": {"full": 1.0}}, "supported"),
        (updates.intruders_at_equal_loss, {"intruders": {"full": 1.0}}, "contradicted"),
        (updates.restarts_add_rank, {"rank_99": {"relora-8": 5.0}}, "supported"),
        (updates.restarts_add_rank, {}, "contradicted"),
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
    assert table.part.iloc[0] == "lora-1 at 0.005 - full at 0.005"


@pytest.mark.parametrize(
    ("twin", "expected"), [(0.8, "supported"), (0.9, "supported"), (0.99, "contradicted")]
)
def test_another_seed_of_full_fine_tuning_is_what_closeness_is_measured_by(point, twin, expected):
    close = {"randlora-128": 0.9, "randlora-26": 0.9}
    values = {"cka": made(point, "run", mean=0.6, **close), "cka_full": made(point, mean=twin)}
    found = of(point, **values, cka_pretrained=made(point, mean=0.3))
    assert verdict(updates.as_close_as_another_seed, found) == expected
    same = of(point, **values, cka_pretrained=made(point, mean=twin))
    assert updates.as_close_as_another_seed.samples(same) == [], "the pretrained model passes too"


@pytest.mark.parametrize(("cka", "expected"), [(0.9, "supported"), (0.5, "contradicted")])
def test_the_closer_representation_wins(point, cka, expected):
    values = made(point, "run", mean=0.7, **{"randlora-128": cka, "randlora-26": cka})
    assert verdict(updates.closer_to_full, of(point, cka=values)) == expected


def test_a_point_has_only_its_own_runs_and_matrices(point):
    (found,) = of(point, relative_norm=made(point, "run", "matrix"))
    names = [run.name for run in selection.runs(found, "lora", "full")]
    expected = ["full", "lora-1", "lora-2", "lora-4", "lora-8", "lora-64"]
    assert names == expected, "by method and rank"
    (run,) = [run for run in selection.all_runs(found) if run.name == "lora-8.q"]
    assert selection.of(found, "relative_norm", run).matrix.values.tolist() == ["5.q"]


def test_a_claim_without_points_is_not_tested(build):
    head = build(runs="head", targets="q")
    values = made(head, "run", "text", mean=0.8)
    phi = xr.DataArray(
        np.zeros((REPLICATES, 1)), dims=("replicate", "pair"), coords={"pair": ["random"]}
    )
    found = of(head, correct=values, phi=phi)
    for claim in evidence.of(claims):
        assert claim.samples(found) == [], claim.name


def test_every_claim_has_a_test_or_says_why_it_has_none():
    found = evidence.of(claims)
    assert [claim.name for claim in found if claim.evidence is None] == [
        "LoRA 11: numbers of tables 5 and 6",
        "LoRA 12: memory and speed",
        "RandLoRA 5: accuracies on vision and language benchmarks",
        "RandLoRA 6: training time",
    ]
    assert found[-4:] == tuple(claim for claim in found if claim.evidence is None), "they are last"
