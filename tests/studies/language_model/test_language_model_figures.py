"""Figures, tables and spectra: of every kind of point, and the same every time."""

import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg

from rankscope.evidence import results
from rankscope.planning import code, parameters
from rankscope.studies.language_model import figures, selection, spectra, tables, theory

RUNS = "head+full+lora-1+lora-8+randlora-32+vera-16"
FIGURES = code.public_functions(figures.__name__)
PAIRS = ["two ranks, same seed", "full, two seeds", "random"]


def point(parameters_, *left_out):
    """One point with random values, and without the variables that are left out."""
    generator = np.random.default_rng(0)
    runs = [run.name for run in parameters_.run_list()]
    labels = {
        "replicate": range(3),
        "run": runs,
        "matrix": parameters_.matrix_names(),
        "text": range(8),
        "step": range(1, 7),
        "trial": range(4),
        "probed_rank": (1, 2, 4, 8, 16, 32, 64),
        "kept": (0, 1, 4, 16, 64),
        "pair": PAIRS,
        "index": range(1, 385),
    }
    each = ("replicate", "run")
    matrix = (*each, "matrix")
    dims = {
        "correct": (*each, "text"),
        "truncated_correct": (*each, "kept", "text"),
        "training_loss": (*each, "step"),
        "tried_loss": ("run", "trial"),
        "tried_accuracy": ("run", "trial"),
        "update_norm": matrix,
        "relative_norm": matrix,
        "stable_rank": matrix,
        "effective_rank": matrix,
        "rank_90": matrix,
        "rank_99": matrix,
        "intruders": matrix,
        "intruders_random": matrix,
        "intruders_full_norm": matrix,
        "intruders_equal_loss": matrix,
        "amplification": (*matrix, "probed_rank"),
        "amplification_null": (*matrix, "probed_rank"),
        "alignment": (*matrix, "probed_rank"),
        "singular_value": (*matrix, "index"),
        "cka": each,
        "cka_full": ("replicate",),
        "cka_pretrained": ("replicate",),
    }

    def drawn(*names):
        coordinates = {name: list(labels[name]) for name in names}
        shape = [len(values) for values in coordinates.values()]
        return xr.DataArray(generator.uniform(0.1, 1, shape), coordinates, list(names))

    variables = {name: drawn(*of) for name, of in dims.items() if name not in left_out}
    variables["singular_value"].loc[{"run": "lora-1", "index": slice(2, None)}] = np.nan
    places = ((0, 0), (0, 1), (1, 0), (-1, 0))
    rates = np.array(
        [[parameters_.rates(run, *at) for at in places] for run in parameters_.run_list()]
    )
    rates[0, -1] = np.nan, np.nan  # fewer were tried
    predicted = theory.predict(parameters_)
    angles = xr.DataArray(
        generator.uniform(0, 1, (3, 3, len(labels["matrix"]), 64)),
        {name: list(labels[name]) for name in ("replicate", "pair", "matrix")}
        | {"direction": range(1, 65)},
        ["replicate", "pair", "matrix", "direction"],
    )
    variables |= {
        "phi": angles,
        "tried_rate": (("run", "trial"), rates[..., 0]),
        "tried_head_rate": (("run", "trial"), rates[..., 1]),
        "rate": (each, np.stack([rates[:, place, 0] for place in (0, 0, 2)])),
        "head_rate": (each, np.stack([rates[:, place, 1] for place in (0, 0, 2)])),
        "chosen": (each, np.stack([np.full(len(runs), place + 1) for place in (0, 0, 2)])),
        "rate_inside": ("run", np.zeros(len(runs), dtype=np.int8)),
        "trainable_parameters": predicted.trainable_parameters,
        "majority": ((), 0.5),
    }
    return parameters.as_dict(parameters_), xr.Dataset(variables), predicted


@pytest.fixture(scope="module")
def data(build):
    """Two points: one with all that can be measured, one of LoRA alone, without comparisons."""
    whole = build(runs=RUNS, targets="qv")
    alone = build(runs="lora-1+lora-8.u", targets="d")
    compared = ("cka", "cka_full", "cka_pretrained", "intruders_full_norm")
    compared += ("intruders_equal_loss",)
    return results.of({"whole": point(whole), "alone": point(alone, *compared)})


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_of_every_kind_of_point(data, name):
    for chosen in (data, results.Results(data.points[:1]), results.Results(data.points[1:])):
        figure = getattr(figures, name)(chosen)
        figure.canvas.draw()
        assert figure.axes or figure.texts


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_the_same_every_time(data, name):
    def picture():
        canvas = FigureCanvasAgg(getattr(figures, name)(data))
        canvas.draw()
        return np.array(canvas.buffer_rgba())

    np.testing.assert_array_equal(picture(), picture())


def test_what_cannot_be_drawn_says_why(data):
    alone = results.Results(data.points[1:])
    for name in ("representations", "similarity", "rank_and_parameters", "rank_curve"):
        (text,) = getattr(figures, name)(alone).texts
        assert text.get_text().startswith("No ")


def test_a_run_looks_the_same_in_all_figures(data):
    def colours(figure):
        return {
            line.get_label(): line.get_color()
            for axes in figure.axes
            for line in axes.lines
            if line.get_label() in RUNS.split("+")
        }

    curves, rates = (colours(getattr(figures, n)(data)) for n in ("learning_curves", "spectra"))
    assert rates
    assert rates.items() <= curves.items()
    assert len(set(curves.values())) == len(curves)


def test_tables_have_a_row_for_each_run(data):
    accuracies = tables.accuracies(data)
    assert list(accuracies.run) == [*RUNS.split("+"), "lora-1", "lora-8.u"]
    full = accuracies.set_index("run").loc["full"]
    assert full["accuracy, lower"] < full.accuracy < full["accuracy, upper"]
    assert np.isnan(full["minus full"])
    assert (accuracies.replicates == 3).all()
    updates = tables.updates(data)
    assert "head" not in set(updates.run)
    assert updates["CKA with full"].notna().sum() == 5


def test_spectra_are_of_the_largest_rank_of_each_method(data):
    found = spectra.spectra(data)
    assert [one.label for one in found] == [
        "MiniLM, full fine-tuning",
        "MiniLM, LoRA (8)",
        "MiniLM, RandLoRA (32)",
        "MiniLM, VeRA (16)",
    ]
    for one in found:
        assert one.values.shape == (6, 384), "three replicates of two matrices"
        assert np.isfinite(one.values).all()
    assert spectra.spectra(results.Results(data.points[1:])) == []


def test_a_matrix_that_a_run_does_not_adapt_is_not_read(data):
    alone = data.points[1]
    (run,) = selection.runs(alone, "lora")
    assert selection.of(alone, "intruders", run).matrix.values.tolist() == ["5.d"]
