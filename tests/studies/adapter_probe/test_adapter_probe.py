"""A folder of saved adapters as a study, from points to verdicts and figures."""

import numpy as np
import pytest
import saved
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as some

from rankscope import datasets
from rankscope.errors import ParameterError
from rankscope.evidence import audit, results, verdicts
from rankscope.evidence import claims as evidence
from rankscope.jobs import streams
from rankscope.planning import code, parameters
from rankscope.probe import ProbeError
from rankscope.studies.adapter_probe import claims, figures, plants, simulation, theory
from rankscope.studies.adapter_probe.parameters import Parameters

MODULES = [f"layer.{place}.query" for place in range(5)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model and two adapters: one along the base's own directions, one random."""
    root = tmp_path_factory.mktemp("adapters")
    generator = np.random.default_rng(0)
    base = {name: generator.standard_normal((24, 24)) for name in MODULES}
    weights = {f"{name}.weight": weight for name, weight in base.items()}
    saved.weights(root / "model" / "model.safetensors", weights)
    for adapter in ("aligned", "random"):
        tensors = {}
        for name, weight in base.items():
            left, values, right = np.linalg.svd(weight)
            if adapter == "random":
                left, right = generator.standard_normal((2, 24, 24))
            for suffix, factor in (("B", left[:, :4] * values[:4]), ("A", right[:4])):
                tensors[f"{name}.lora_{suffix}.weight"] = factor
        saved.adapter(root / adapter, tensors, lora_alpha=4, r=4)
    return root


def point(folder, adapter, **values):
    fixed = {"folder": str(folder), "adapter": adapter, "base": str(folder / "model")}
    return parameters.build(Parameters, fixed | values, "here")


def draws(parameters_, first, last):
    return streams.streams(1, "adapter_probe", parameters_, first, last)


@pytest.fixture(scope="module")
def data(folder):
    points = {name: point(folder, name) for name in ("aligned", "random")}
    return results.of(
        {
            name: (
                parameters.as_dict(one),
                simulation.simulate(one, draws(one, 0, 3)),
                theory.predict(one),
            )
            for name, one in points.items()
        }
    )


def judge(claim, data):
    return verdicts.judge(claim, {"": claim.samples(data)}, 0.95).set_index("point")


def test_controls_are_the_same_however_they_are_batched(folder):
    one = point(folder, "random", other="aligned")
    whole = simulation.simulate(one, draws(one, 0, 3))
    parts = [simulation.simulate(one, draws(one, a, b)) for a, b in ((0, 1), (1, 3))]
    xr.testing.assert_identical(datasets.join(parts), whole)
    assert whole.sizes["replicate"] == 3
    assert "phi" in whole


def test_no_variable_takes_a_parameters_name(folder):
    one = point(folder, "random", other="aligned")
    found = simulation.simulate(one, draws(one, 0, 1))
    assert not set(found.variables) & set(parameters.as_dict(one))


def test_an_aligned_adapter_is_told_from_a_random_one(data):
    table = judge(claims.amplifies, data)
    assert table.verdict["aligned"] == "supported"
    assert table.verdict["random"] != "supported"


def replaced(data, **variables):
    """The results with other values of some measured variables."""
    return results.of(
        {
            point.name: (point.parameters, point.measured.assign(variables), point.predicted)
            for point in data
        }
    )


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ([3, 3, 3, 3, 3], "supported"),
        ([9, 8, 9, 10, 9], "contradicted"),
        ([3, 9, 0, 1, 4], "undecided"),
    ],
)
def test_intruders_are_compared_with_those_of_random_directions(data, counts, verdict):
    table = judge(claims.intruders, counted(data, counts, 3.0))
    assert set(table.verdict) == {verdict}
    assert (table.error > 0).all(), "counts that agree are no certainty"
    assert set(table.chance) == {-3.0}, "no intruders at all"


def test_updates_too_small_for_intruders_show_nothing(data):
    assert claims.intruders.samples(counted(data, [0] * 5, 0.5)) == []


def counted(data, counts, control):
    """Results with these counts in the five matrices, and this one in all controls."""
    controls = xr.DataArray(np.full((3, 5), control), dims=("replicate", "matrix"))
    return replaced(
        data, intruder_count=("matrix", np.array(counts)), intruder_count_control=controls
    )


def test_the_audit_finds_what_was_planted(data):
    table = audit.audit(
        evidence.of(claims), plants, counted(data, [3] * 5, 3.0),
        confidence=0.95, draws=10, seed=1,
    )  # fmt: skip
    assert list(table.claim.unique()) == [claim.name for claim in evidence.of(claims)]
    assert table[["sound", "powerful", "found"]].all(axis=None), table.to_string()


def test_alignment_is_taken_at_the_most_directions_that_an_adapter_has(data):
    alignment = np.full((5, 7), np.nan)
    alignment[:, 0], alignment[:3, 1] = 0.1, (4.0, 4.1, 4.2)
    planted = replaced(data, alignment=(("matrix", "probed_rank"), alignment))
    table = judge(claims.amplifies, planted)
    assert list(table.replicates) == [3, 3], "matrices that have fewer are not measured there"
    assert set(table.verdict) == {"supported"}


def test_an_adapter_that_updates_nothing_says_nothing(data):
    nothing = np.full((5, 7), np.nan)
    planted = replaced(data, alignment=(("matrix", "probed_rank"), nothing))
    assert claims.amplifies.samples(planted) == []


def test_random_alignment_is_the_chi_law(folder):
    predicted = theory.predict(point(folder, "random"))
    sample = np.linalg.norm(np.random.default_rng(3).standard_normal((20000, 16)), axis=1) / 4
    mean, deviation = (
        float(predicted[n].sel(probed_rank=4)) for n in ("alignment", "alignment_sd")
    )
    assert abs(sample.mean() - mean) < 4 * deviation / np.sqrt(20000)
    assert sample.std() == pytest.approx(deviation, rel=0.05)


def test_every_figure_is_drawn(data):
    for name in code.public_functions(figures.__name__):
        assert getattr(figures, name)(data).axes


def test_marks_stand_side_by_side_and_always_in_the_same_place(data):
    figure = figures.ranks(data)
    drawn = [line.get_xdata() for line in figure.axes[0].lines]
    again = [line.get_xdata() for line in figures.ranks(data).axes[0].lines]
    np.testing.assert_array_equal(drawn, again)
    assert len(np.unique(drawn)) == np.size(drawn), "no mark hides another"


def test_what_a_point_reads_is_named(folder):
    names = {file.relative_to(folder).as_posix() for file in point(folder, "random").files()}
    weights = {"random/adapter_model.safetensors", "model/model.safetensors"}
    assert names == {"random/adapter_config.json", *weights}
    both = {file.parent.name for file in point(folder, "random", other="aligned").files()}
    assert both == {"random", "aligned", "model"}


def test_a_missing_adapter_or_base_is_refused(folder):
    with pytest.raises(ParameterError, match=r"must hold adapter_config\.json.*nowhere"):
        point(folder, "nowhere")
    with pytest.raises(ParameterError, match="base must be a folder"):
        point(folder, "random", base="/nowhere")
    with pytest.raises(ParameterError, match="intruders must be at least 1"):
        point(folder, "random", intruders=0)


def test_a_damaged_adapter_is_one_line(folder, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "adapter_config.json").write_text('{"peft_type": "IA3"}')
    one = point(tmp_path, "broken", base=str(folder / "model"))
    with pytest.raises(ProbeError, match="IA3 is not supported"):
        simulation.simulate(one, draws(one, 0, 1))


# more directions than the matrix is wide have no null, which comes out as nan
@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")
@given(
    intruders=some.integers(1, 1000),
    directions=some.integers(1, 128),
    other=some.sampled_from(("none", "aligned", "random", "model", "nowhere")),
)
@settings(deadline=None, max_examples=25, derandomize=True)
def test_a_setting_is_refused_or_runs(folder, intruders, directions, other):
    values = {"intruders": intruders, "directions": directions, "other": other}
    if other in ("model", "nowhere"):
        with pytest.raises(ParameterError, match="must hold adapter_config"):
            point(folder, "random", **values)
        return
    one = point(folder, "random", **values)
    measured = simulation.simulate(one, draws(one, 0, 2))
    assert measured.sizes["replicate"] == 2
    assert ("phi" in measured) == (other != "none")
    of = results.of({"p": (parameters.as_dict(one), measured, theory.predict(one))})
    assert len(judge(claims.amplifies, of)) == 1


@pytest.mark.parametrize("config", ["", "[]", '{"hidden_size": "wide"}', '{"hidden_size": 64}'])
def test_a_base_without_a_sound_configuration_has_a_cost(folder, tmp_path, config):
    (tmp_path / "config.json").write_text(config)
    cost = point(folder, "random", base=str(tmp_path)).cost()
    assert cost.seconds > 0
