import itertools

import numpy as np
import pytest

from rankscope.errors import ParameterError
from rankscope.jobs import simulate as job
from rankscope.numerics import batch_geometry, dense_networks
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.planning import parameters as planning
from rankscope.studies.effective_dimension.theory import fluctuations, kernel
from rankscope.studies.trained_networks import simulation, theory
from rankscope.studies.trained_networks.parameters import Parameters
from rankscope.studies.trained_networks.simulation import (
    curvature,
    hessian,
    measures,
    photographs,
    units,
)

SMALL = {
    "depth": 3,
    "width": 32,
    "images": "digits",
    "classes": 4,
    "images_per_class": 20,
    "learning_rate": 0.1,
    "batch_size": 16,
    "steps": 300,
    "checkpoints": 3,
}


def simulated(replicates=2, **values):
    chosen = planning.build(Parameters, SMALL | values, "test")
    return job.replicates(simulation, "trained_networks", chosen, 1, 0, replicates, "unused")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"images_per_class": 145}, "images_per_class must be at most 144 for 'digits', got 145"),
        ({"classes": 11}, "classes must be at most 10, got 11"),
        ({"switch_step": 300}, "switch_step must be below steps, 300, got 300"),
        ({"steps_in": "bulk"}, "steps_in must be all for adam, weight decay and switch_step 0"),
        ({"labels": "random"}, "labels must be one of correct, shuffled, got 'random'"),
    ],
)
def test_impossible_points_are_refused_with_the_value(values, message):
    with pytest.raises(ParameterError, match=message):
        planning.build(Parameters, SMALL | values, "test")


def test_steps_are_measured_at_equal_ratios_from_0_to_the_last():
    chosen = planning.build(Parameters, SMALL | {"steps": 1000, "checkpoints": 5}, "test")
    assert chosen.measured_steps == (0, 1, 10, 100, 1000)


@pytest.mark.parametrize("labels", ["correct", "shuffled"])
def test_images_are_as_many_of_each_class_and_no_image_is_in_both_sets(labels):
    chosen = planning.build(Parameters, SMALL | {"labels": labels}, "test")
    data = photographs.draw(chosen, np.random.default_rng(0))
    assert np.bincount(data.labels).tolist() == [20] * 4
    assert np.bincount(data.held_out_labels).tolist() == [30] * 4
    assert np.bincount(data.labels[:12]).tolist() == [3] * 4
    np.testing.assert_allclose((data.images**2).mean(axis=1), 1, rtol=1e-5)
    both = np.concatenate([data.images, data.held_out])
    assert len(np.unique(both, axis=0)) == len(both)


def test_shuffled_labels_tell_nothing_of_the_image():
    chosen = planning.build(Parameters, SMALL | {"images_per_class": 140}, "test")
    draws = {}
    for labels in ("correct", "shuffled"):
        changed = planning.build(Parameters, planning.as_dict(chosen) | {"labels": labels}, "test")
        draws[labels] = photographs.draw(changed, np.random.default_rng(0))
    correct, shuffled = draws["correct"], draws["shuffled"]
    of = {
        image.tobytes(): label for image, label in zip(correct.images, correct.labels, strict=True)
    }
    same = np.mean(
        [of[i.tobytes()] == c for i, c in zip(shuffled.images, shuffled.labels, strict=True)]
    )
    # 560 trials of chance 1/4, within five standard errors
    assert abs(same - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 560)


def test_training_learns_the_images():
    data = simulated()
    assert np.all(data.training_accuracy.isel(step=-1) == 1)
    assert np.all(data.held_out_accuracy.isel(step=-1) > 0.9)
    assert np.all(data.held_out_accuracy.isel(step=0) < 0.6)
    assert np.all(np.isnan(data.share.sel(step=0, direction="update")))


def test_weights_before_training_are_a_direction_and_at_the_start_the_only_one():
    data = simulated(steps=30)
    share = data.block_share
    both = [share.sel(direction=one) for one in ("weights", "start")]
    np.testing.assert_array_equal(*(one.isel(step=0) for one in both))
    assert np.abs(both[0] - both[1]).isel(step=-1).max() > 1e-4
    assert np.all(data.relative_update.isel(step=0) == 0)
    assert np.all(data.relative_update.isel(step=-1) > 0.01)


def test_the_signal_to_noise_ratio_is_that_of_a_mixture_and_follows_the_noise():
    generator = np.random.default_rng(7)
    labels = np.tile(np.arange(4), 2000)
    noise = generator.standard_normal((8000, 30)) / np.sqrt(5.0)
    found = units.signal_to_noise(np.eye(4, 30)[labels] + noise, labels)
    # the variance within is known to 1 in 500, the means to 1 in 100
    assert found == pytest.approx(5.0, rel=0.05)
    assert units.signal_to_noise(np.eye(4, 30)[labels] + 2 * noise, labels) < 1.5
    plain, noisy = (simulated(steps=4, noise=noise) for noise in (0.5, 2.0))
    assert np.all(plain.signal_to_noise > 3 * noisy.signal_to_noise)
    assert "signal_to_noise" not in simulated(steps=4)


def test_the_misalignment_of_units_is_that_of_their_gradients_written_out():
    chosen = planning.build(Parameters, SMALL | {"noise": 0.5, "width": 5}, "test")
    generator = np.random.default_rng(8)
    data = photographs.draw(chosen, generator)
    weights, start = (simulation._network(chosen, generator) for _ in range(2))
    count = chosen.samples_per_class * chosen.classes
    rows = []
    for image, label in zip(data.images[:count], data.labels[:count], strict=True):
        arguments = (image[None], np.array([label]), ACTIVATIONS["relu"])
        rows.append(dense_networks.loss_gradients(weights, *arguments)[0].astype(float))
    outside, update = 0.0, (weights[0] - start[0]).astype(float)
    for unit in range(5):
        own = np.stack([one[unit] for one in rows])
        rest = np.linalg.eigh(own.T @ own)[1][:, :-4]
        outside += ((rest.T @ update[unit]) ** 2).sum()
    found = units.measure(chosen, data, weights, start)["unit_misalignment"]
    assert found == pytest.approx(outside / (update**2).sum(), rel=1e-3)
    assert found < 0.99


def test_confined_steps_add_up_to_free_ones():
    values = {"steps": 41, "switch_step": 40}
    chosen = {
        part: planning.build(Parameters, SMALL | values | {"steps_in": part}, "test")
        for part in ("all", "dominant", "bulk")
    }
    generator = np.random.default_rng(3)
    data = [photographs.draw(chosen["all"], np.random.default_rng(3))]
    weights = [w[None] for w in simulation._network(chosen["all"], generator)]
    slopes = [generator.standard_normal(w.shape).astype(np.float32) for w in weights]
    taken = {
        part: curvature.Confined(chosen[part], data, [])(40, weights, [s.copy() for s in slopes])
        for part in ("dominant", "bulk")
    }
    for inside, outside, slope in zip(taken["dominant"], taken["bulk"], slopes, strict=True):
        np.testing.assert_allclose(inside + outside, slope, atol=1e-5)
        assert 0 < np.linalg.norm(inside) < np.linalg.norm(slope)
    before = curvature.Confined(chosen["bulk"], data, [])(39, weights, [s.copy() for s in slopes])
    np.testing.assert_array_equal(before[0], slopes[0])


def test_random_directions_are_kept_for_three_steps_and_then_drawn_afresh():
    values = {"steps": 41, "switch_step": 1, "steps_in": "random"}
    chosen = planning.build(Parameters, SMALL | values, "test")
    generator = np.random.default_rng(3)
    weights = [w[None] for w in simulation._network(chosen, generator)]
    slopes = [generator.standard_normal(w.shape).astype(np.float32) for w in weights]
    confined = curvature.Confined(chosen, [None], [generator])
    first, last, afresh = (
        confined(step, weights, [s.copy() for s in slopes])[0] for step in (1, 3, 4)
    )
    np.testing.assert_array_equal(first, last)
    assert np.abs(afresh - first).max() > 0.01 * np.abs(slopes[0]).max() / chosen.width
    assert 0 < np.linalg.norm(first) < 0.2 * np.linalg.norm(slopes[0])


def test_the_grid_gives_the_arc_cosine_map_and_the_injection_of_relu():
    cosine = np.linspace(0, 0.999, 50)
    table = theory.correlation_map("relu", np.sqrt(2.0))
    # at a kink the trapezoid rule of step h errs by no more than h^2 / 8 of the jump in slope
    bound = float(theory.NODES[1] - theory.NODES[0]) ** 2 / 8
    np.testing.assert_allclose(table(cosine), kernel.correlation_map(cosine, 0.0), atol=bound)
    np.testing.assert_allclose(table(cosine, 1), kernel.correlation_slope(cosine, 0.0), atol=2e-2)
    phi = theory.ACTIVATION["relu"][0]
    for c in (0.0, 0.5, 0.9):
        closed = fluctuations.injection(np.array([c]), 0.0, orthogonal=False)
        assert theory.injection(phi, np.sqrt(2.0), c) == pytest.approx(closed[0], rel=2e-3)


def test_the_map_of_tanh_is_that_of_drawn_pairs():
    generator, c = np.random.default_rng(2), 0.6
    x, e = generator.standard_normal((2, 400_000))
    first, second = np.tanh(x), np.tanh(c * x + np.sqrt(1 - c**2) * e)
    drawn = (first * second) / (first**2).mean()
    error = drawn.std() / np.sqrt(len(drawn))
    assert abs(theory.correlation_map("tanh", 1.0)(c) - drawn.mean()) < 5 * error


def test_the_scale_of_initial_weights_is_followed_where_it_matters():
    values = {"activation": "tanh", "initial_scale": 2.0, "depth": 2, "width": 3000}
    scaled = planning.build(Parameters, SMALL | values, "test")
    plain = planning.build(Parameters, SMALL | values | {"initial_scale": 1.0}, "test")
    generator = np.random.default_rng(6)
    batch = photographs.draw(scaled, generator).held_out
    found = dense_networks.forward(
        simulation._network(scaled, generator), batch, ACTIVATIONS["tanh"]
    )
    measured = batch_geometry.participation_ratio(measures.centred(found))
    expected, other = (theory.initial_ratios(one)[0] for one in (scaled, plain))
    # batches of 120 images differ by some per cent, the scales by more than a tenth
    np.testing.assert_allclose(measured, expected, rtol=0.08)
    assert np.all(np.abs(measured / other - 1) > 0.1)


def test_the_scale_of_initial_weights_is_nothing_to_relu():
    chosen = [
        planning.build(Parameters, SMALL | {"initial_scale": scale}, "test") for scale in (1.0, 3.0)
    ]
    plain, scaled = (theory.initial_ratios(one)[1] for one in chosen)
    np.testing.assert_allclose(plain, scaled, rtol=1e-3)


def test_the_start_is_that_of_many_networks_and_infinite_width_is_not():
    values = {"width": 64, "steps": 1, "checkpoints": 2, "classes": 10}
    inverse = simulated(4, **values).initial_inverse_ratio.mean("replicate")
    predicted = theory.predict(planning.build(Parameters, SMALL | values, "test"))
    # to first order in l/n and 1/m: ten per cent, as is claimed
    assert np.all(np.abs(inverse * predicted.initial_centred_participation_ratio - 1) < 0.1)
    assert inverse[-1] * predicted.initial_infinite_width[-1] > 1.5


def test_collapsed_classes_have_the_participation_ratio_of_a_simplex():
    means = np.random.default_rng(1).standard_normal((1, 9)) + 3 * np.eye(6, 9)
    turned = np.eye(6, 9) + 1.0
    gram = np.repeat(turned, 5, axis=0) @ np.repeat(turned, 5, axis=0).T
    centred = batch_geometry.centred(batch_geometry.cosines(gram))
    assert batch_geometry.participation_ratio(centred) == pytest.approx(5)
    uneven = np.repeat(means, 5, axis=0)
    other = batch_geometry.centred(batch_geometry.cosines(uneven @ uneven.T))
    assert batch_geometry.participation_ratio(other) < 5


def both_matrices(activation):
    """Return the Gauss-Newton matrix and the Hessian of a small network, written out, by layer."""
    chosen = planning.build(Parameters, SMALL | {"width": 5, "activation": activation}, "test")
    generator = np.random.default_rng(2)
    data = photographs.draw(chosen, generator)
    weights = [w.astype(float) for w in simulation._network(chosen, generator)]
    few = chosen.curvature_per_class * chosen.classes
    law = ACTIVATIONS[activation]
    found = dense_networks.forward(weights, data.images[:few].astype(float), law)
    virtual = curvature.gradients(weights, found, few)
    pairs = zip(virtual.errors, virtual.features, strict=True)
    rows = [e[:, :, None] * f[:, None] for e, f in pairs]
    gradients = np.concatenate([one.reshape(len(one), -1) for one in rows], axis=1)
    gauss_newton = gradients.T @ gradients / len(gradients)
    shapes, size = [w.shape for w in weights], sum(w.size for w in weights)
    columns = [
        hessian._flat(
            dense_networks.hessian_product(
                weights, found, data.labels[:few], law, hessian._layers(one, shapes)
            )
        )
        for one in np.eye(size)
    ]
    return chosen, data, weights, gauss_newton, np.array(columns)


def test_in_the_weights_of_one_layer_of_a_relu_network_hessian_and_gauss_newton_are_equal():
    _, _, weights, gauss_newton, whole = both_matrices("relu")
    places = np.cumsum([0, *(w.size for w in weights)])
    for first, last in itertools.pairwise(places):
        block = slice(first, last)
        np.testing.assert_allclose(whole[block, block], gauss_newton[block, block], atol=1e-6)
    assert np.abs(whole - gauss_newton).max() > 1e-3


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_leading_eigenpairs_of_the_hessian_are_those_of_the_matrix_written_out(activation):
    chosen, data, weights, gauss_newton, whole = both_matrices(activation)
    np.testing.assert_allclose(whole, whole.T, atol=1e-10)
    values, vectors = np.linalg.eigh(whole)
    direction = [np.ones_like(w) for w in weights]
    found = hessian.measure(chosen, data, weights, [direction])
    assert found["hessian_residual"] < 1e-3
    np.testing.assert_allclose(
        found["hessian_eigenvalue"][:5], values[::-1][:5], rtol=1e-4, atol=1e-5 * values[-1]
    )
    flat = hessian._flat(direction)
    share = ((vectors[:, -4:].T @ flat) ** 2).sum() / (flat @ flat)
    assert found["hessian_share"][0] == pytest.approx(share, abs=1e-3)
    leading = np.linalg.eigh(gauss_newton)[1][:, -4:]
    inside = (vectors[:, -3:].T @ leading) ** 2
    assert found["hessian_in_gauss_newton"] == pytest.approx(inside.sum() / 3, abs=1e-3)


def test_the_density_of_the_hessian_is_that_of_the_matrix_written_out():
    chosen, data, weights, _, whole = both_matrices("tanh")
    values = np.linalg.eigvalsh(whole)
    found = hessian.measure(chosen, data, weights, [[np.ones_like(w) for w in weights]])
    density, step = found["hessian_density"], hessian.DENSITY[1] - hessian.DENSITY[0]
    away = hessian.DENSITY[:, None] - values / values[-1]
    exact = np.exp(-((away / 0.01) ** 2) / 2).mean(axis=1) / (np.sqrt(2 * np.pi) * 0.01)
    assert density.sum() * step == pytest.approx(1, abs=0.02)
    # two probes of some hundred dimensions: the bulk to a tenth
    low = np.abs(hessian.DENSITY) < 0.02
    np.testing.assert_allclose(density[low].sum(), exact[low].sum(), rtol=0.1)
    assert density[hessian.DENSITY > 0.1].sum() < 0.3 * density[low].sum()


def test_the_hessian_is_looked_at_in_later_steps_where_it_is_asked_for():
    data = simulated(hessian=True, checkpoints=6)
    assert data.later_step.values.tolist() == [17, 72, 300]
    assert data.hessian_eigenvalue.dims == ("replicate", "later_step", "leading")
    assert float(data.hessian_residual.max()) < 1e-2
    assert "hessian_share" not in simulated()
