import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rankscope.studies.eigenspace_alignment.simulation import simulate
from rankscope.studies.eigenspace_alignment.theory import predict

from rankscope import datasets
from rankscope.drawing import style
from rankscope.evidence import verdicts
from rankscope.jobs import collect as stacking
from rankscope.jobs.streams import streams
from rankscope.planning import code as sources
from rankscope.planning import parameters
from rankscope.studies.eigenspace_alignment import (
    claims,
    claims_mixture,
    claims_tools,
    claims_xor,
    figures,
    selection,
)
from rankscope.studies.eigenspace_alignment import parameters as study

MIXTURE = {
    "model": "mixture",
    "classes": 2,
    "dimension": 40,
    "snr": 1000.0,
    "samples_per_dimension": 4.0,
    "ridge": 0.5,
    "step_scale": 1.0,
    "duration": 8.0,
    "checkpoints": 4,
}
XOR = MIXTURE | {"model": "xor", "width": 4, "activation": "relu", "ridge": 0.1, "duration": 40.0}
GRID = [
    MIXTURE,
    MIXTURE | {"snr": 300.0},
    MIXTURE | {"matrices": "full", "snr": 100.0, "checkpoints": 2},
    MIXTURE | {"duration": 0.0, "checkpoints": 1, "start": "zero"},
    XOR | {"start": "planted", "groups": 4, "snr": 100.0},
    XOR | {"matrices": "none", "runs": 40, "checkpoints": 2, "width": 6, "snr": 100.0},
]


def stacked(folder, grid):
    found, theory, names = [], [], []
    for number, values in enumerate(grid):
        point = parameters.build(study.Parameters, values, "here")
        given = streams(0, "eigenspace_alignment", point, 0, 3)
        scalars = parameters.as_dict(point)
        for kind, dataset, paths in (
            ("simulated", simulate(point, given), found),
            ("predicted", predict(point), theory),
        ):
            path = folder / f"{kind}-{number}.nc"
            datasets.write(datasets.with_parameters(dataset, scalars), path)
            paths.append(path)
        names.append(f"point-{number}")
    stacking.stack(found, names, folder / "simulated.nc")
    stacking.stack(theory, names, folder / "predicted.nc")
    return datasets.read(folder / "simulated.nc"), datasets.read(folder / "predicted.nc")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return stacked(tmp_path_factory.mktemp("grid"), GRID)


@pytest.fixture(scope="module")
def lone(tmp_path_factory):
    point = MIXTURE | {"duration": 1.0, "snr": 3.0, "checkpoints": 2}
    return stacked(tmp_path_factory.mktemp("lone"), [point])


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=lambda claim: claim.name)
def test_every_claim_can_be_judged_on_a_small_grid_and_on_a_single_point(claim, data, lone):
    for simulated, predicted in (data, lone):
        evidence = claim.evidence(simulated, predicted)
        table = verdicts.judge(claim, evidence, 0.95)
        assert len(table) == len(evidence.point)
        assert verdicts.summarise(claim, table)["claim"] == claim.name


def test_claim_names_are_unique_and_every_claim_names_a_figure():
    names = [claim.name for claim in claims.CLAIMS]
    assert len(set(names)) == len(names)
    drawn = sources.public_functions("rankscope.studies.eigenspace_alignment.figures")
    assert {claim.figure for claim in claims.CLAIMS} <= set(drawn)


def test_there_is_a_claim_for_each_number_from_one_to_nineteen():
    numbers = {claim.name.split(":")[0] for claim in claims.CLAIMS}
    assert {f"C{number}" for number in range(1, 20)} <= numbers


def test_claims_recalled_from_the_paper_say_so():
    for claim in claims.CLAIMS:
        assert (claim.basis == "recalled, not quoted") == claim.name.startswith("T")


@pytest.mark.parametrize(
    "name", sources.public_functions("rankscope.studies.eigenspace_alignment.figures")
)
def test_every_figure_can_be_drawn_on_a_small_grid_and_on_a_single_point(name, data, lone):
    style.apply()
    for simulated, predicted in (data, lone):
        figure = getattr(figures, name)(simulated, predicted, pd.DataFrame())
        figure.draw_without_rendering()
        assert figure.get_axes()
        plt.close(figure)


def test_what_sgd_does_supports_its_theory_and_a_wrong_theory_is_contradicted(data):
    simulated, predicted = data
    claim = next(claim for claim in claims.CLAIMS if claim.name == "C1: effective dynamics")
    table = verdicts.judge(claim, claim.evidence(simulated, predicted), 0.95)
    assert (table.estimate < 4).all()
    wrong = predicted.assign(mean_overlap=predicted.mean_overlap + 2.0)
    table = verdicts.judge(claim, claim.evidence(simulated, wrong), 0.95)
    assert (table.verdict == "contradicted").all()


def grid_of(**columns):
    count = len(next(iter(columns.values())))
    values = {field: ("point", [0] * count) for field in selection.FIELDS}
    values |= {name: ("point", column) for name, column in columns.items()}
    return xr.Dataset(coords={"point": [f"p{i}" for i in range(count)], **values})


def test_families_differ_in_one_parameter_alone_and_are_sorted_by_it():
    grid = grid_of(snr=[3.0, 1.0, 2.0, 9.0], classes=[2, 2, 2, 5], checkpoints=[2, 3, 4, 2])
    assert list(selection.families(grid, range(4), "snr")) == [[1, 2, 0]]


def test_points_are_chosen_by_one_value_or_by_several():
    grid = grid_of(model=["xor", "mixture", "xor"], width=[4, 0, 6])
    np.testing.assert_array_equal(selection.points(grid, model="xor"), [0, 2])
    np.testing.assert_array_equal(selection.points(grid, model="xor", width=(5, 6)), [2])


def test_evidence_leaves_out_what_is_not_finite_and_has_no_error_for_a_known_value():
    found = claims_tools.gather([("a", np.array([1.0, 3.0, np.nan]), 0, 9, 0), ("b", 2.0, 0, 9, 0)])
    np.testing.assert_allclose(found.estimate, [2.0, 2.0])
    np.testing.assert_allclose(found.error, [1.0, 0.0])
    np.testing.assert_allclose(found.freedom, [1.0, np.inf])


def test_no_evidence_is_evidence_of_no_points():
    assert len(claims_tools.gather([]).estimate) == 0


def test_a_ratio_of_means_has_the_error_of_the_delta_method():
    generator = np.random.default_rng(0)
    above, below = 2 + 0.1 * generator.standard_normal((2, 400))
    values = claims_tools.ratio_of_means(above, below)
    assert values.mean() == pytest.approx(above.mean() / below.mean(), abs=1e-4)
    assert values.std(ddof=1) == pytest.approx(0.05 * np.sqrt(2), rel=0.1)


def test_the_chi_square_test_accepts_its_law_and_rejects_another():
    law = np.array([0.0, 0.016, 0.328, 0.562, 0.094])
    counts = np.random.default_rng(1).multinomial(400, law)
    assert claims_xor._chi_square(counts, law) > 0.01
    assert claims_xor._chi_square(counts, law[::-1]) < 1e-6


def test_the_time_of_reaching_an_alignment_is_interpolated():
    time = np.array([0.0, 1.0, 2.0])
    curves = np.array([[0.0, 0.8, 1.0], [0.0, 0.1, 0.2]])
    np.testing.assert_allclose(claims_xor._reached(time, curves), [1.5, np.nan])


def test_outliers_count_above_the_edge_with_a_slack_that_falls_with_the_dimension():
    edge = xr.DataArray(2.0)
    assert claims_mixture.clear_of_edge(edge, 1000.0).item() == pytest.approx(2 * 1.03)
