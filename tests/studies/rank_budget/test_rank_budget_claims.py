"""Claims on results that are made up, so that what should be found is known."""

import numpy as np
import pytest
import xarray as xr

from rankscope.drawing import style
from rankscope.errors import ParameterError
from rankscope.evidence import audit, results
from rankscope.evidence import claims as evidence
from rankscope.planning import parameters
from rankscope.studies.rank_budget import claims, figures, plants, tables, theory
from rankscope.studies.rank_budget.parameters import KEPT, SAID, SOURCES

REPLICATES, TEXTS = 8, 400
NEEDED = np.array([4.0, 8.0, 2.0, 3.0])


@pytest.fixture(scope="module")
def made_up(build):
    """Four matrices, the update of the last does harm; everything but noise is known."""
    point = build(targets="qkvo", tested_texts=TEXTS)
    generator = np.random.default_rng(1)

    def noise(*shape, by=0.002):
        return by * generator.standard_normal((REPLICATES, *shape))

    # by predictor: right, right, half, four times
    said = np.ones((len(SAID), 4)) * NEEDED
    said[2:4] *= np.array([[0.6], [4.0]])
    said[4] = 1.0
    # a tenth is lacking at the rank that is needed
    curves = 0.1 ** (np.array([*KEPT, np.inf]) / NEEDED[:, None])
    gains = np.array([0.1, 0.2, 0.1, -0.01])
    arms = point.arms()
    levels = dict.fromkeys(arms, 0.5) | {"full": 0.4, "lora-2": 0.45, "head": 0.7}
    levels |= {SOURCES[0]: 0.47, "effective dimension": 0.52}
    text = 0.1 * generator.standard_normal(TEXTS)
    loss = np.array(list(levels.values()))[:, None] + text + noise(len(arms), TEXTS, by=0.01)
    correct = np.clip(1.2 - loss, 0, 1)
    share = np.full((2, 4, 2), 0.3)
    share[0, :, 0] = 0.6
    measured = xr.Dataset(
        {
            "said_rank": (
                ("replicate", "predictor", "matrix"), said * 2 ** noise(len(SAID), 4),
            ),
            "cut_loss": (
                ("replicate", "matrix", "kept"),
                0.4 + gains[:, None] * curves + noise(*curves.shape, by=1e-4),
            ),
            "g_eigenvalue": (("replicate", "matrix", "index"), np.exp(-np.arange(8) + noise(4, 8))),
            "gradient_value": (
                ("replicate", "matrix", "index"), np.exp(-np.arange(8) + noise(4, 8)),
            ),
            "update_value": (("replicate", "matrix", "index"), np.exp(-np.arange(8) + noise(4, 8))),
            "g_edge": (("replicate", "matrix"), 0.1 + 0 * noise(4)),
            "gradient_edge": (("replicate", "matrix"), 0.1 + 0 * noise(4)),
            "share": (("replicate", "source", "matrix", "side"), share + noise(2, 4, 2)),
            "null_share": (("replicate", "source", "matrix", "side"), 0.3 + noise(2, 4, 2)),
            "outliers": (("replicate", "source", "matrix"), 3.0 + 0 * noise(2, 4)),
            "text_loss": (("replicate", "arm", "text"), loss),
            "correct": (("replicate", "arm", "text"), correct),
            "given_rank": (("replicate", "allotment", "matrix"), 2.0 + 0 * noise(5, 4)),
            "adapter_parameters": (("replicate", "arm"), 768.0 + 0 * noise(len(arms))),
        },
        {
            "predictor": list(SAID),
            "matrix": list(point.matrix_names()),
            "kept": [*map(str, KEPT), "all"],
            "index": np.arange(1, 9),
            "source": list(SOURCES),
            "side": ["left", "right"],
            "arm": list(arms),
            "allotment": list(arms[4:]),
        },
    )  # fmt: skip
    values = parameters.as_dict(point)
    return results.of({"task=tweets": (values, measured, theory.predict(point))})


def estimates(claim, made_up, name=None):
    (definition,) = [one for one in claim.definitions if one.name == name] or [None]
    return {one.part: one.estimate.value for one in claim.samples(made_up, definition)}


def test_a_matrix_whose_update_gains_nothing_is_not_judged(made_up):
    assert claims.gaining(made_up.points[0]) == ["5.q", "5.k", "5.v"]


@pytest.mark.parametrize(
    ("name", "octaves"),
    [("outliers of G", 0.0), ("stable rank of the gradient", np.log2(0.6))],
)
def test_said_over_needed_is_in_octaves(made_up, name, octaves):
    found = estimates(claims.rank_said, made_up, name)
    assert list(found) == ["5.q", "5.k", "5.v"]
    np.testing.assert_allclose(list(found.values()), octaves, atol=0.01)


def test_one_rank_for_all_is_off_by_what_each_needs(made_up):
    found = estimates(claims.rank_said, made_up, "classes less one")
    np.testing.assert_allclose(list(found.values()), [-2, -3, -1], atol=0.01)


def test_shares_are_less_the_task_null_s(made_up):
    left = estimates(claims.directions_known, made_up, "outliers of G, left")
    right = estimates(claims.directions_known, made_up, "outliers of G, right")
    np.testing.assert_allclose(list(left.values()), 0.3, atol=0.01)
    np.testing.assert_allclose(list(right.values()), 0.0, atol=0.01)


def test_an_allotment_is_better_by_the_loss_that_it_saves(made_up):
    better = estimates(claims.beats_even, made_up, "outliers of G")
    worse = estimates(claims.beats_even, made_up, "effective dimension")
    assert list(better.values()) == [pytest.approx(0.03, abs=0.005)]
    assert list(worse.values()) == [pytest.approx(-0.02, abs=0.005)]
    assert list(estimates(claims.beats_reverse, made_up).values()) == [
        pytest.approx(0.03, abs=0.005)
    ]


@pytest.mark.parametrize(("reference", "spoilt"), [("lora-1", "lora-2"), ("head", "lora-1")])
def test_where_a_control_fails_no_allotment_is_judged(made_up, reference, spoilt):
    (point,) = made_up.points
    losses = point.measured.text_loss
    same = losses.where(losses.arm != spoilt, losses.sel(arm=reference) + 0.01)
    still = results.of(
        {point.name: (point.parameters, point.measured.assign(text_loss=same), point.predicted)}
    )
    assert not claims.beats_reverse.samples(still)
    assert claims.more_over_even.samples(still)


def test_the_audit_finds_what_is_planted(made_up):
    table = audit.audit(evidence.of(claims), plants, made_up, confidence=0.95, draws=4, seed=1)
    assert table.found.all(), table[~table.found].to_string()
    assert table.sound.all(), table[~table.sound].to_string()
    assert table.powerful.all(), table[~table.powerful].to_string()


def test_figures_of_matrices_that_gain_are_legible(made_up):
    import figure_checks

    style.apply()
    for name in ("kept_gain", "said_and_needed", "start", "directions", "allotments"):
        assert figure_checks.faults(getattr(figures, name)(made_up)) == [], name


def test_tables_say_where_nothing_was_measured(made_up):
    table = tables.ranks(made_up).set_index("matrix")
    assert table.loc["5.o", "rank needed"] == "not measured"
    assert table.loc["5.k", "rank needed"].startswith("8.0 [")
    assert len(tables.arms(made_up)) == 9


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ({"runs": "head+full+lora-2"}, "runs must be head"),
        ({"runs": "head+full+lora-4+lora-2"}, "with r < s"),
        ({"runs": "head+full+lora-1.q+lora-2"}, "runs must be head"),
        ({"twins": "full"}, "twins must be none"),
        ({"gradient_texts": 41}, "gradient_texts must be at most training_texts"),
    ],
)
def test_what_does_not_go_together_is_refused(build, values, rule):
    with pytest.raises(ParameterError, match=rule):
        build(**values)
