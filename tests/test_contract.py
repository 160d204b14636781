"""The contract of a study, held against every study on its points of the test preset."""

import ast
import dataclasses
import inspect
import itertools
import textwrap
import types
from pathlib import Path

import figure_checks
import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from rankscope import datasets
from rankscope.drawing import style
from rankscope.evidence import audit, claims, planting, results, verdicts
from rankscope.jobs import simulate as job
from rankscope.jobs import verify
from rankscope.planning import code, configuration, parameters, study

PRESET = Path(__file__).parent.parent / "presets" / "test.yaml"
SLOW = {"language_model", "rank_budget"}
REPLICATES = 6
"""From three replicates, a statistic of halves says nothing."""
OF_USERS = {"adapter_probe"}
"""Reads adapters that its user has, and has tests of its own."""
STUDIES = [
    pytest.param(name, marks=[pytest.mark.model] if name in SLOW else [])
    for name in study.names()
    if name not in OF_USERS
]


@pytest.fixture(scope="module", params=STUDIES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def points(name):
    return configuration.read(PRESET).studies[name].points


@pytest.fixture(scope="module")
def simulate(name, tmp_path_factory):
    module = study.part(name, "simulation")
    folder = tmp_path_factory.mktemp("checkpoints")

    def call(point, first, last):
        checkpoints = folder / point.name / f"{first}-{last}"
        return job.replicates(module, name, point.parameters, 7, first, last, checkpoints)

    return call


@pytest.fixture(scope="module")
def simulated(points, simulate):
    return {point: simulate(point, 0, 3) for point in points}


@pytest.fixture(scope="module")
def predicted(name, points):
    theory = study.part(name, "theory")
    return {point: theory.predict(point.parameters) for point in points}


@pytest.fixture(scope="module")
def found(name, points, simulate, simulated, predicted):
    """The results of the study at the points of the test preset, with a few more replicates."""

    def measured(point):
        if name in SLOW:
            return simulated[point]
        return datasets.join([simulated[point], simulate(point, 3, REPLICATES)])

    return results.of(
        {
            point.name: (parameters.as_dict(point.parameters), measured(point), predicted[point])
            for point in points
        }
    )


@pytest.fixture(scope="module")
def its_claims(name):
    return claims.of(study.part(name, "claims"))


def test_the_folder_says_which_paper_it_is(name):
    module = study.part(name, "parameters").__package__
    assert len(inspect.getdoc(__import__(module, fromlist=["_"]))) > 100


def test_parameters_are_frozen_keyword_only_and_of_plain_types(name):
    kind = study.part(name, "parameters").Parameters
    assert kind.__dataclass_params__.frozen
    for field in dataclasses.fields(kind):
        assert field.kw_only
        assert field.type in (int, float, str, bool)
        assert field.metadata["meaning"], field.name


def test_a_point_says_what_it_costs(points):
    for point in points:
        cost = point.parameters.cost()
        assert isinstance(cost, parameters.Cost)
        assert cost.seconds > 0
        assert cost.memory_mb > 50
        assert cost.prediction_seconds > 0


SIZES = {
    *("rows", "columns", "rank", "other_rank", "teacher_rank", "target_rank"),
    *("width", "depth", "batch_size", "dimension", "samples", "runs", "draws"),
}
"""Fields that an array is as long as; no study multiplies two of them and keeps no such array."""
OTHERS_SIZE = {"language_model", "rank_budget", "lora/accounting"}
"""Their arrays are those of a model that has been trained; the last one's point has no arrays."""


def test_a_point_whose_arrays_are_large_says_that_it_needs_the_memory(name, points):
    if name in OTHERS_SIZE:
        return
    length = 20_000
    for point in points:
        own = parameters.as_dict(point.parameters)
        large = dataclasses.replace(point.parameters, **dict.fromkeys(SIZES & set(own), length))
        measured = own.get("matrices", "blocks") != "none"
        least = 8e-6 * length**2 if measured else 150
        assert large.cost().memory_mb >= least, point.name


def test_replicates_are_bitwise_the_same_however_they_are_batched(points, simulate, simulated):
    point = min(points, key=lambda one: one.parameters.cost().seconds)
    parts = [simulate(point, 0, 1), simulate(point, 1, 3)]
    xr.testing.assert_identical(datasets.join(parts), simulated[point])


def test_a_simulation_repeats_itself(points, simulate, simulated):
    point = min(points, key=lambda one: one.parameters.cost().seconds)
    xr.testing.assert_identical(simulate(point, 0, 3), simulated[point])


def test_simulated_data_have_replicates_and_predictions_have_none(points, simulated, predicted):
    for point in points:
        assert simulated[point].sizes["replicate"] == 3
        assert "replicate" not in predicted[point].dims


def test_every_variable_says_what_it_is_and_its_units(points, simulated, predicted):
    for data in [*simulated.values(), *predicted.values()]:
        for variable_name, variable in data.variables.items():
            assert variable.attrs.get("long_name"), variable_name
            assert variable.attrs.get("units"), variable_name


def test_no_variable_or_dimension_takes_a_parameters_name(points, simulated, predicted):
    for data in [simulated, predicted]:
        for point, dataset in data.items():
            assert not set(dataset.variables) & set(parameters.as_dict(point.parameters))


def test_a_variable_in_both_has_the_same_meaning_and_can_be_compared(points, simulated, predicted):
    for point in points:
        for both in set(simulated[point].data_vars) & set(predicted[point].data_vars):
            ours, theirs = simulated[point][both], predicted[point][both]
            assert ours.attrs["units"] == theirs.attrs["units"], both
            assert set(theirs.dims) <= set(ours.dims), both
            for dim in theirs.dims:
                assert ours.sizes[dim] == theirs.sizes[dim], (both, dim)
        # arithmetic drops what does not lie at the same place, without a word
        for dim in set(simulated[point].coords) & set(predicted[point].coords):
            ours, theirs = simulated[point][dim], predicted[point][dim]
            assert ours.equals(theirs), (point, dim)


def test_datasets_survive_the_file_unchanged(points, simulated, predicted, tmp_path):
    for index, data in enumerate([*simulated.values(), *predicted.values()]):
        datasets.write(data, tmp_path / f"{index}.nc")
        read = datasets.read(tmp_path / f"{index}.nc")
        for variable_name in data.variables:
            np.testing.assert_array_equal(read[variable_name], data[variable_name])


def test_claims_are_named_once_and_say_how_they_are_known(name, its_claims):
    assert its_claims
    names = [claim.name for claim in its_claims]
    assert len(set(names)) == len(names)
    figures = {"", *study.makes(name, "figures")}
    for claim in its_claims:
        assert claim.basis in claims.BASES, claim.name
        assert claim.figure in figures, claim.name
        for text in (claim.statement, claim.source, claim.scope, claim.estimate):
            assert text, claim.name


def test_the_number_in_the_sentence_is_the_number_tested_and_has_its_reason(its_claims):
    for claim in its_claims:
        if claim.evidence is not None:
            assert "{accepted}" in claim.statement, claim.name
            assert len(claim.accepted.why) > 10, claim.name


NOT_IN_SIGHT = {
    "B spread": "takes 8 replicates",
    "B tail": "takes 8 replicates",
    "C revival": "takes 8 replicates",
}
"""Claims of which the points of the test preset, at so many replicates, say nothing."""
CONTROLLED = {"language_model", "rank_budget"}
"""Studies whose comparisons say nothing where a control fails, as it does in a few steps."""


def test_every_claim_is_estimated_on_what_the_test_preset_makes(name, its_claims, found):
    table, _ = verify.judge(its_claims, found, 0.95)
    tested = {claim.name for claim in its_claims if claim.evidence is not None}
    estimated = set(table.claim[table.estimate.notna()])
    assert estimated == tested - set(NOT_IN_SIGHT) or (name in CONTROLLED and estimated < tested)


def test_every_tested_claim_brings_its_plants(name, its_claims):
    plants = study.part(name, "plants")
    tested = {claim.function for claim in its_claims if claim.evidence is not None}
    assert tested <= set(vars(plants))
    written = set(code.public_functions(study.module_name(name, "plants")))
    assert written <= tested, "a plant without a claim"


def audited(its_claims, plants, found):
    """The audit of claims on the test preset, with noise so small that every draw decides."""
    quiet = results.Results([_quiet(point) for point in found])
    return audit.audit(its_claims, plants, quiet, confidence=0.95, draws=4, seed=1)


def _quiet(point, times=1):
    """A point whose replicates agree to a thousandth of their spread, several times over."""

    def shrunk(data):
        if data.dtype.kind != "f" or "replicate" not in data.dims:
            return data
        mean = data.mean("replicate")
        return (mean + 1e-3 * (data - mean)).transpose(*data.dims).assign_attrs(data.attrs)

    again = np.tile(np.arange(point.measured.sizes["replicate"]), times)
    quiet = point.measured.map(shrunk, keep_attrs=True).isel(replicate=again)
    return results.Point(
        point.name, point.parameters, lambda s: quiet if s == "simulated" else point.predicted
    )


def red(table):
    """Rows of an audit that fail: a wrong verdict, or a number that was not planted.

    Of few draws none may be wrong, of many no more than chance allows.
    """
    wrong = np.where(table.kind == planting.HOLDS, table.contradicted, table.supported)
    few = table.draws == table.planted
    return table[np.where(few, wrong > 0, ~table.sound) | ~table.found]


def test_no_claim_is_supported_by_its_null_or_a_falsehood_nor_contradicted_by_the_truth(
    name, its_claims, found
):
    table = audited(its_claims, study.part(name, "plants"), found)
    assert red(table).empty, red(table).to_string()


def test_the_null_of_a_claim_lies_outside_its_region(name, its_claims, found):
    for claim in its_claims:
        of = [claim.samples(found, definition) for definition in claim.definitions or (None,)]
        if claim.evidence is not None and name not in CONTROLLED:
            assert any(of) or claim.name in NOT_IN_SIGHT
        for sample in itertools.chain(*of):
            region = sample.accepted or claim.accepted
            chance = sample.chance if np.isfinite(sample.chance) else claim.chance
            assert not region.lower <= chance <= region.upper, (claim.name, sample.name)
            assert np.isfinite(chance), (claim.name, sample.name)


IRRELEVANT = {"chance", "part", "resolution"}
"""Arguments of a sample that decide no verdict."""


def reached(function):
    """A function and those of its module that it calls, and they call."""
    found, left = {}, [function]
    while left:
        one = left.pop()
        found[one.__name__] = one
        names = {name for code in codes(one.__code__) for name in code.co_names}
        called = [one.__globals__.get(name) for name in names - set(found)]
        left += [
            each
            for each in called
            if inspect.isfunction(each) and each.__module__ == function.__module__
        ]
    return list(found.values())


def codes(code):
    """A code object and those of the functions and comprehensions inside."""
    inside = [each for each in code.co_consts if inspect.iscode(each)]
    return [code, *(deep for each in inside for deep in codes(each))]


OPPOSITE = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
}  # fmt: skip


def mutants(function):
    """A function's twins, each with one operator turned round, in it or below it."""
    functions = reached(function)
    for one in functions:
        for text, tree in turned_round(one):
            space = dict(function.__globals__)
            for other in functions:
                space[other.__name__] = copied(other, space)
            exec(compile(tree, "mutant", "exec"), space)
            yield f"{one.__name__}: {text}", space[function.__name__]


def copied(function, space):
    copy = types.FunctionType(
        function.__code__, space, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def turned_round(function):
    """The trees of a function in which one operator is turned round.

    The sides of a difference or a quotient change places, a sum becomes a difference, a sign is
    left out, and a comparison becomes its opposite.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    tree.body[0].decorator_list = []
    beside = {
        id(node)
        for call in ast.walk(tree)
        if isinstance(call, ast.keyword) and call.arg in IRRELEVANT
        for node in ast.walk(call)
    }
    for node in ast.walk(tree):
        if id(node) in beside:
            continue
        before, text = dict(vars(node)), ast.unparse(node)
        match node:
            case ast.BinOp(op=ast.Sub() | ast.Div()):
                node.left, node.right = node.right, node.left
            case ast.BinOp(op=ast.Add()):
                node.op = ast.Sub()
            case ast.UnaryOp(op=ast.USub()):
                node.op = ast.UAdd()
            case ast.Compare(ops=[operator]) if type(operator) in OPPOSITE:
                node.ops = [OPPOSITE[type(operator)]()]
            case _:
                continue
        yield f"{text} -> {ast.unparse(node)}", ast.fix_missing_locations(tree)
        vars(node).update(before)


def swapped(region):
    """A region on the other side of its bounds."""
    return (
        dataclasses.replace(region, lower=region.upper, upper=np.inf)
        if np.isfinite(region.upper)
        else dataclasses.replace(region, lower=-np.inf, upper=region.lower)
    )


def with_bounds_swapped(claim):
    def evidence(*arguments):
        for sample in claim.evidence(*arguments):
            yield dataclasses.replace(sample, accepted=swapped(sample.accepted or claim.accepted))

    return dataclasses.replace(claim, evidence=evidence)


def judged(claim, bed, planted):
    """The samples of a claim, and its verdict, on planted data."""
    name = bed.definition.name if bed.definition else ""
    samples = claim.samples(planted, bed.definition)
    table = verdicts.judge(claim, {name: samples}, 0.95)
    return samples, verdicts.summarise(claim, table, name)["verdict"]


MISTAKES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RuntimeWarning)


def is_noticed(twin, bed):
    """Tell whether a twin of a claim judges what was planted for the claim otherwise.

    It looks elsewhere, finds another number, supports a falsehood, or decides nothing where the
    claim does. A twin whose numbers and regions are the claim's own is none: it differs in its
    null alone.
    """
    alike = True
    for kind in planting.KINDS:
        planted = bed.planted(bed.draw(kind, np.random.default_rng(3)))
        own, verdict = judged(bed.claim, bed, planted)
        try:
            samples, twins_verdict = judged(twin, bed, planted)
        except (
            ArithmeticError,
            LookupError,
            AttributeError,
            TypeError,
            ValueError,
            RuntimeWarning,
        ):
            return True
        if [sample.name for sample in samples] != [sample.name for sample in own]:
            return True
        right = verdicts.SUPPORTED if kind == planting.HOLDS else verdicts.CONTRADICTED
        if verdict == right != twins_verdict or not bed.is_found(kind, [samples]):
            return True
        if kind != planting.HOLDS and twins_verdict == verdicts.SUPPORTED:
            return True
        alike &= [(s.estimate, s.accepted) for s in own] == [
            (s.estimate, s.accepted) for s in samples
        ]
    return alike


UNTOLD = {
    ("lengths that do not stay cost rank", "unstable_lengths: -1 -> +1"),
    ("C1: fluctuations of order d^(-1/2)", "fluctuations: -1 -> +1"),
    ("C3: predicted principal angle", "predicted_cosine: -1 -> +1"),
    (
        "C5: collapse across dimensions",
        "collapse: family[0].measured.training_time * family[0].ridge >= LATE -> "
        "family[0].measured.training_time * family[0].ridge < LATE",
    ),
    ("C12: last-layer outliers", "last_levels: number < cells -> number >= cells"),
    ("C14: predicted principal angle", "predicted_cosine: -1 -> +1"),
    ("T3.3: outlier, mini-bulk, bulk", "three_levels: top < low -> top >= low"),
}
"""Twins of which nothing is known: what is planted is alike where they look and should look."""


def test_a_swapped_bound_or_sign_is_noticed(name, its_claims, found):
    plants = study.part(name, "plants")
    # a count moves by whole steps: some claims need many replicates to be decided
    quiet = [results.Results([_quiet(point, times) for point in found]) for times in (1, 8)]
    unnoticed = []
    for claim in its_claims:
        if claim.evidence is None:
            continue
        plant = planting.plant_of(plants, claim)
        first = claim.definitions[0] if claim.definitions else None
        beds = [planting.Bed(claim, first, data, plant) for data in quiet]
        assert beds[0].samples or claim.name in NOT_IN_SIGHT or name in CONTROLLED
        if not beds[0].samples:
            continue
        twins = [("bounds", with_bounds_swapped(claim))]
        for text, function in mutants(claim.evidence):
            twins.append((text, dataclasses.replace(claim, evidence=function)))
        unnoticed += [
            (claim.name, text)
            for text, twin in twins
            if not any(is_noticed(twin, bed) for bed in beds)
        ]
    assert not set(unnoticed) - UNTOLD


def test_figures_are_legible_whole_and_explained(name, its_claims, found):
    table, _ = verify.judge(its_claims, found, 0.95)
    style.apply()
    for item in study.makes(name, "figures"):
        function = getattr(study.part(name, "figures"), item)
        taken = (found, table)[: len(inspect.signature(function).parameters)]
        assert figure_checks.faults(function(*taken)) == [], item


TAKE_A_POINT_FOR_GRANTED = {
    *("adapter_probe", "jacobian_depth", "language_model", "lora/accounting", "rank_budget"),
    "trained_networks",
}


@pytest.mark.parametrize("name", sorted(set(study.names()) - TAKE_A_POINT_FOR_GRANTED))
def test_a_figure_is_drawn_where_its_points_are_not(name):
    nothing = results.Results([])
    table, _ = verify.judge(claims.of(study.part(name, "claims")), nothing, 0.95)
    for item in study.makes(name, "figures"):
        function = getattr(study.part(name, "figures"), item)
        taken = (nothing, table)[: len(inspect.signature(function).parameters)]
        assert isinstance(function(*taken), Figure), item


def test_every_figure_and_table_has_a_caption(name):
    for part in ("figures", "tables"):
        for function in study.makes(name, part):
            assert len(code.docstring(study.module_name(name, part), function)) > 60, function
