"""The five studies in the frame: batches, verdicts, figures, on points of the test preset."""

import pytest
import xarray as xr
from matplotlib.figure import Figure

from rankscope import datasets
from rankscope.evidence import claims, results, verdicts
from rankscope.jobs.streams import streams
from rankscope.planning import grid, parameters, study

STUDIES = ["update", "fit", "bound", "collinear", "accounting"]


@pytest.fixture(scope="module", params=STUDIES)
def name(request):
    return f"randlora/{request.param}"


@pytest.fixture(scope="module")
def points(name, presets):
    section = presets["test"]["studies"][name]
    kind = study.part(name, "parameters").Parameters
    return [
        parameters.build(kind, {**section["fixed"], **values}, "test")
        for values in grid.expand(section["grid"], "test")
    ]


@pytest.fixture(scope="module")
def found(name, points):
    simulate, predict = study.part(name, "simulation").simulate, study.part(name, "theory").predict
    return results.of(
        {
            str(point): (
                parameters.as_dict(point),
                simulate(point, streams(5, name, point, 0, 3)),
                predict(point),
            )
            for point in points
        }
    )


def test_replicates_do_not_depend_on_how_they_are_batched(name, points):
    simulate = study.part(name, "simulation").simulate
    for point in points:
        parts = [
            simulate(point, streams(5, name, point, *ends)).assign_coords(replicate=range(*ends))
            for ends in ((0, 1), (1, 3), (0, 3))
        ]
        xr.testing.assert_identical(datasets.join(parts[:2]), parts[2])


def test_every_claim_says_its_region_and_decides_points(name, found):
    for claim in claims.of(study.part(name, "claims")):
        if claim.evidence is not None:
            assert "{accepted}" in claim.statement
            assert claim.accepted.why
            table = verdicts.judge(claim, {"": claim.samples(found)}, 0.95)
            assert set(table.verdict) <= set(verdicts.VERDICTS)


def test_every_figure_is_drawn(name, found):
    for figure in study.makes(name, "figures"):
        for shown in (found, results.Results([])):
            assert isinstance(getattr(study.part(name, "figures"), figure)(shown), Figure)
