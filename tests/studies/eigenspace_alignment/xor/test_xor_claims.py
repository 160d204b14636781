import numpy as np
import pytest
import xarray as xr

from rankscope.evidence import claims, results
from rankscope.studies.eigenspace_alignment import points
from rankscope.studies.eigenspace_alignment.mixture import claims as mixture_claims
from rankscope.studies.eigenspace_alignment.occupancy import claims as occupancy_claims
from rankscope.studies.eigenspace_alignment.occupancy import parameters as occupancy_parameters
from rankscope.studies.eigenspace_alignment.occupancy import simulation as occupancy_simulation
from rankscope.studies.eigenspace_alignment.xor import claims as study_claims
from rankscope.studies.eigenspace_alignment.xor import selection, simulation
from rankscope.studies.eigenspace_alignment.xor.claims import first_layer, last_layer


def point_of(parameters, **variables):
    data = xr.Dataset({name: (dims, values) for name, (dims, values) in variables.items()})
    return results.Point("here", parameters, lambda _: data)


@pytest.mark.parametrize("its_claims", [mixture_claims, study_claims], ids=["mixture", "xor"])
def test_claims_recalled_from_the_paper_say_so(its_claims):
    for claim in claims.of(its_claims):
        assert (claim.source.startswith(points.PAPER)) == claim.name.startswith("T")
        assert (claim.basis == claims.RECALLED) == claim.name.startswith(("T", "D2"))


def test_scopes_name_the_thresholds_that_the_simulations_use():
    assert f"above {simulation.OUTLIER:g} of the largest" in selection.OUTLIERS
    assert f"({simulation.ALIVE:g} of the largest" in selection.ALIVE
    assert f"{occupancy_simulation.ALIVE:g} of the largest" in occupancy_claims.SCOPE
    assert f"steps of {occupancy_parameters.FLOW_STEP:g}," in occupancy_claims.FLOW
    assert f"over {occupancy_simulation.PAIRS} antithetic pair of" in occupancy_claims.FLOW
    assert f"{simulation.CURVATURE_WIDTH:g} / sqrt(lambda)" in first_layer.DIFFERENCE


def test_both_models_have_a_claim_for_each_number_from_one_to_nineteen():
    names = [claim.name for one in (study_claims, mixture_claims) for claim in claims.of(one)]
    assert {f"C{number}" for number in range(1, 20)} <= {name.split(":")[0] for name in names}


def test_the_time_of_reaching_an_alignment_is_interpolated():
    time = xr.DataArray([0.0, 1.0, 2.0], dims="checkpoint")
    curves = xr.DataArray(
        [[0.0, 0.8, 1.0], [0.0, 0.1, 0.2], [0.95, 1.0, 1.0]], dims=("replicate", "checkpoint")
    )
    np.testing.assert_allclose(last_layer.reached(time, curves), [1.5, np.nan, np.nan])


def test_the_mean_over_living_neurons_leaves_dead_ones_out():
    block = ("replicate", "checkpoint", "matrix", "neuron")
    point = point_of(
        {},
        alive=(("replicate", "checkpoint", "run", "neuron"), [[[[1, 1]], [[1, 0]]]]),
        alignment=(block, [[[[9.0, 9.0]], [[0.5, 0.1]]]]),
        converged=(block, np.ones((1, 2, 1, 2), dtype=bool)),
    )
    np.testing.assert_array_equal(selection.living(point, "alignment"), [[0.5]])


def test_values_from_a_time_on_are_kept():
    point = point_of({"ridge": 0.5}, training_time=("checkpoint", [0.0, 3.0, 8.0, 20.0]))
    values = xr.DataArray(np.arange(4), dims="checkpoint")
    np.testing.assert_array_equal(points.since(point, 4.0, values), [2, 3])


def test_matrices_of_the_loss_without_the_ridge_are_two():
    values = xr.DataArray(
        [1, 2, 3], coords={"last_matrix": ["hessian", "g", "regularised g"]}, dims="last_matrix"
    )
    found = selection.plain(values)
    assert list(found.matrix) == ["hessian", "g"]
