"""Ranks said and needed on dense networks: the start, cuts and allotments against plain ways."""

import numpy as np
import pytest

from rankscope.errors import ParameterError
from rankscope.jobs import simulate as job
from rankscope.numerics import dense_networks
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.planning import parameters as planning
from rankscope.studies.new_classes import simulation, theory
from rankscope.studies.new_classes.parameters import FULL, READOUT, TESTED, Parameters
from rankscope.studies.new_classes.simulation import cuts, images, start

RELU = ACTIVATIONS["relu"]
SMALL = {
    "depth": 2,
    "width": 24,
    "images": "digits",
    "new_classes": 8,
    "images_per_class": 30,
    "optimiser": "adam",
    "learning_rate": 0.002,
    "factor_rate": 0.01,
    "batch_size": 16,
    "steps": 200,
    "readout_steps": 300,
    "tuning_steps": 150,
    "even_rank": 2,
    "more_rank": 8,
    "gradient_images": 40,
}


def build(**values):
    return planning.build(Parameters, SMALL | values, "test")


@pytest.fixture(scope="module")
def measured():
    return job.replicates(simulation, "new_classes", build(), 1, 0, 2, "unused")


@pytest.fixture
def network():
    """A network of random weights, images of random pixels, and their labels."""
    generator = np.random.default_rng(2)
    weights = dense_networks.draw(9, 6, 3, 4, (2.0, 1.0), generator)
    return weights, (generator.standard_normal((20, 9)), np.tile(np.arange(4), 5))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"images_per_class": 73}, "images_per_class must be at most 72 for 'digits', got 73"),
        ({"gradient_images": 241}, "at most new_classes images_per_class, 240, got 241"),
        ({"more_rank": 25}, "above even_rank, and at most 24, got 25"),
        ({"even_rank": 8}, "more_rank must be above even_rank, and at most 24, got 8"),
    ],
)
def test_impossible_points_are_refused_with_the_value(values, message):
    with pytest.raises(ParameterError, match=message):
        build(**values)


def test_classes_are_old_or_new_and_no_image_is_in_two_sets():
    point = build(new_classes=3)
    data = images.draw(point, np.random.default_rng(0))
    counts = {"old": (7, 30), "new": (3, 30), "test": (3, TESTED["digits"])}
    for name, (classes, each) in counts.items():
        assert np.bincount(getattr(data, name)[1]).tolist() == [each] * classes
    assert data.new[1][:6].tolist() == [0, 1, 2, 0, 1, 2]
    pixels = np.concatenate([data.old[0], data.new[0], data.test[0]])
    assert len(np.unique(pixels, axis=0)) == len(pixels)


def test_gradients_at_the_start_are_those_of_single_images(network):
    weights, (pixels, labels) = network
    found = start.layers(weights, (pixels, labels), np.random.default_rng(3))
    assert len(found) == 3
    for number, layer in enumerate(found):
        single = np.stack(
            [
                dense_networks.loss_gradients(
                    [w[None] for w in weights], x[None, None], np.array([[y]]), RELU
                )[number][0]
                for x, y in zip(pixels, labels, strict=True)
            ]
        )
        flat = single.reshape(len(labels), -1)
        g = np.linalg.svd(flat / np.sqrt(len(labels)), compute_uv=False) ** 2
        np.testing.assert_allclose(layer.values[0], g, atol=1e-10 * g[0])
        mean = np.linalg.svd(single.mean(axis=0), compute_uv=False)
        np.testing.assert_allclose(layer.values[1], mean, atol=1e-12)


def test_shuffled_labels_keep_the_inputs_and_the_length_of_every_error(network):
    weights, (pixels, labels) = network
    logits = dense_networks.forward(weights, pixels, RELU)
    errors = start._errors(logits.probabilities, labels)
    np.testing.assert_allclose(errors.sum(axis=1), 0, atol=1e-12)
    shuffled = start._as_long(start._errors(logits.probabilities, labels[::-1]), errors)
    np.testing.assert_allclose(*(np.linalg.norm(e, axis=1) for e in (errors, shuffled)))
    kept = labels == labels[::-1]
    assert np.array_equal(np.isclose(errors, shuffled).all(axis=1), kept)
    found = start.layers(weights, (pixels, labels), np.random.default_rng(3))
    for layer in found:
        for draw in (draw for null in layer.nulls for draw in null):
            assert draw.inputs is layer.real.inputs
            assert not np.allclose(draw.outputs, layer.real.outputs)
    # the last layer's gradients lie in the readout's rows, with shuffled labels too, and those
    # of random outputs do not
    random, shuffled = (null[0].outputs for null in found[-1].nulls)
    slopes = logits.slopes[-1]
    within = [_in_rows(one, weights[-1], slopes) for one in (shuffled, random)]
    np.testing.assert_allclose(within[0], 1, atol=1e-9)
    assert within[1].mean() < 0.99


def _in_rows(outputs, readout, slopes):
    """The share of each output gradient in the readout's rows where the unit is on."""
    shares = []
    for one, slope in zip(outputs, slopes, strict=True):
        if np.any(one):
            basis = np.linalg.svd((readout * slope).T, full_matrices=False)
            basis = basis[0][:, basis[1] > 1e-12]
            shares.append(np.sum((basis.T @ one) ** 2) / np.sum(one**2))
    return np.array(shares)


def test_outliers_exceed_what_the_null_gives_and_are_at_least_one(network):
    layer = start.layers(*network, np.random.default_rng(4))[1]
    for null, draws in enumerate(layer.nulls):
        edge = max(draw.spectrum[0][0] for draw in draws)
        assert layer.edges[null, 0] == edge
        assert layer.outliers[null, 0] == max(np.sum(layer.values[0] > edge), 1)
    assert (layer.outliers >= 1).all()


def test_cuts_are_the_network_with_one_update_cut_and_the_others_whole(network):
    begun, test = network
    generator = np.random.default_rng(5)
    tuned = [w + 0.3 * generator.standard_normal(w.shape) for w in begun]
    updates = [cuts.svd(a - b) for a, b in zip(tuned[:-1], begun[:-1], strict=True)]
    found = cuts.losses(tuned, updates, (0, 2), test)
    for layer in range(3):
        without = [*tuned]
        without[layer] = begun[layer]
        assert found[layer, 0] == pytest.approx(cuts.score(without, test)[0], rel=1e-5)
        left, values, right = updates[layer]
        without[layer] = begun[layer] + left[:, :2] * values[:2] @ right[:, :2].T
        assert found[layer, 1] == pytest.approx(cuts.score(without, test)[0], rel=1e-5)
        assert found[layer, 2] == pytest.approx(cuts.score(tuned, test)[0], rel=1e-12)
        assert abs(found[layer, 0] - found[layer, 2]) > 1e-3


def test_the_score_is_the_cross_entropy_in_nats(network):
    weights, (pixels, labels) = network
    p = dense_networks.forward(weights, pixels, RELU).probabilities
    loss, accuracy = cuts.score(weights, (pixels, labels))
    assert loss == pytest.approx(-np.log(p[np.arange(20), labels]).mean())
    assert accuracy == np.mean(p.argmax(axis=1) == labels)
    assert cuts.score([0 * w for w in weights], (pixels, labels))[0] == pytest.approx(np.log(4))


def test_an_update_that_diverges_has_no_directions():
    update = np.full((6, 9), np.nan)
    left, values, right = cuts.svd(update)
    assert left.shape == (6, 6)
    assert right.shape == (9, 6)
    assert np.isnan(values).all()


def test_allotments_cost_no_more_than_the_even_spread_and_nearly_as_much(measured):
    point = build()
    predicted = theory.predict(point)
    cost = (measured.given_rank * predicted.rank_parameters).sum("matrix")
    assert point.budget == 2 * float(predicted.rank_parameters.sum())
    assert (cost <= point.budget).all()
    assert (cost > point.budget - float(predicted.rank_parameters.min())).all()
    assert (measured.given_rank <= np.array(point.padded_ranks)).all()


def test_fine_tuning_learns_what_the_readout_cannot(measured):
    accuracy = measured.accuracy
    assert (measured.old_accuracy > 0.99).all()
    assert (accuracy.sel(arm=FULL) > accuracy.sel(arm=READOUT) + 0.03).all()
    assert (measured.cut_loss.sel(kept="0") > measured.cut_loss.sel(kept="all")).all()
    losses = measured.test_loss.sel(arm=FULL)
    np.testing.assert_allclose(measured.cut_loss.sel(kept="all", matrix="layer 2"), losses)


def test_equal_ranks_train_as_the_even_spread_does(measured):
    same = (measured.given_rank == 2).all("matrix")
    for replicate, allotment in np.argwhere(same.transpose("replicate", "allotment").values):
        name = str(measured.allotment[allotment].values)
        own = measured.test_loss.isel(replicate=replicate)
        assert float(own.sel(arm=name)) == float(own.sel(arm="rank 2"))


def test_shares_are_such(measured):
    for name in ("share", "null_share"):
        assert ((measured[name] >= 0) & (measured[name] <= 1 + 1e-9)).all()
    chance = theory.predict(build()).chance_share
    assert chance.sel(matrix="layer 1", side="right") == 1 / 64
    assert chance.sel(matrix="layer 1", side="left") == 1 / 24
