"""A replicate: all runs of a point, trained from shared seeds, and what is measured on them."""

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr

from rankscope.errors import InputError, ParameterError
from rankscope.probe import measure
from rankscope.studies.language_model import corpora
from rankscope.studies.language_model.parameters import PROBED_RANKS, Parameters, Run
from rankscope.studies.language_model.simulation import comparisons, labels, model, training
from rankscope.studies.language_model.simulation.training import Data, Seeds, Trained

# The sweeps of learning rates that this process has made: calls for further replicates of a
# point choose the same rates.
_sweeps: dict[Parameters, np.ndarray] = {}


def simulate(
    parameters: Parameters, streams: Sequence[np.random.SeedSequence], checkpoints: Path | None
) -> xr.Dataset:
    """Train and measure every run once per stream; see the package's ``simulate``.

    Raises:
        ParameterError: if there is no such device.
    """
    if parameters.device == "cuda" and not torch.cuda.is_available():
        raise ParameterError("device must be one that torch finds here, got 'cuda'")
    torch.set_num_threads(parameters.threads)
    data = prepare(parameters)
    if parameters not in _sweeps:
        _sweeps[parameters] = _sweep(parameters, data, checkpoints)
    sweep = _sweeps[parameters]
    chosen = choose(parameters, sweep)
    rows = [_replicate(parameters, data, chosen, stream, checkpoints) for stream in streams]
    values = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
    return labels.label(parameters, data.test.labels.cpu().numpy(), values, sweep, chosen)


@functools.lru_cache(maxsize=1)
def prepare(parameters: Parameters) -> Data:
    """Read the texts, divide them, and run the frozen layers over them, once a process.

    Raises:
        InputError: if there are fewer texts than are asked for.
    """
    corpus = corpora.load(parameters.task)
    generator = np.random.default_rng(np.random.SeedSequence([parameters.data_seed, 0]))
    order = generator.permutation(len(corpus.texts))
    if corpus.test.any():  # the publisher's split
        rest, test = order[~corpus.test[order]], order[corpus.test[order]]
    else:
        test, rest = order[: parameters.test_pool], order[parameters.test_pool :]
    wanted = parameters.training_texts + parameters.validation_texts
    if len(test) < parameters.test_pool or len(rest) < wanted:
        raise InputError(
            f"{parameters.task} has {len(rest)} texts for training and validation and "
            f"{len(test)} for testing; {wanted} and {parameters.test_pool} are asked for"
        )
    sets = (
        rest[: parameters.training_texts],
        rest[parameters.training_texts : wanted],
        test[: parameters.test_pool],
    )
    encoded = [
        model.encode(parameters, [corpus.texts[t] for t in chosen], corpus.labels[chosen])
        for chosen in sets
    ]
    return Data(encoded[0], encoded[1], encoded[2], len(corpus.classes))


def _sweep(parameters: Parameters, data: Data, checkpoints: Path | None) -> np.ndarray:
    """Return validation accuracy and loss of each run at each rate, ``(run, rate, 2)``.

    The seeds come from ``data_seed`` alone and are shared by all runs.
    """
    words = np.random.SeedSequence([parameters.data_seed, 1]).generate_state(3)
    seeds = Seeds(*(int(word) for word in words))
    last = np.array([parameters.steps])

    def tried(run: Run, rate: float) -> tuple[float, float]:
        file = _file(checkpoints, run, rate, "sweep")
        return training.fit(run, rate, seeds, data, parameters, last, file).validation[-1]

    return np.array(
        [
            [tried(run, rate) for rate in parameters.rates(run.method)]
            for run in parameters.run_list()
        ]
    )


def choose(parameters: Parameters, sweep: np.ndarray) -> dict[str, float]:
    """Return each run's learning rate, that of least validation loss.

    The loss rather than the accuracy: on a few hundred texts accuracies of neighbouring
    rates differ by a text or two.
    """
    return {
        run.name: parameters.rates(run.method)[int(np.nan_to_num(tried[:, 1], nan=np.inf).argmin())]
        for run, tried in zip(parameters.run_list(), sweep, strict=True)
    }


def _file(checkpoints: Path | None, run: Run, rate: float, label: str) -> Path | None:
    return None if checkpoints is None else checkpoints / f"{label},{run.name},{rate}.safetensors"


def _replicate(
    parameters: Parameters,
    data: Data,
    chosen: dict[str, float],
    stream: np.random.SeedSequence,
    checkpoints: Path | None,
) -> dict[str, np.ndarray]:
    """Train and measure one replicate; all its runs share head, data order and test texts."""
    runs = parameters.run_list()
    words = [int(word) for word in stream.generate_state(6 + 2 * len(runs))]
    label = hashlib.sha256(str(words[:6]).encode()).hexdigest()[:12]
    head, order, twin_head, twin_order, test_seed, measure_seed = words[:6]

    def trained(run: Run, seeds: Seeds, kind: str) -> Trained:
        rate = chosen[run.name]
        file = _file(checkpoints, run, rate, f"{kind}-{label}")
        return training.train(run, rate, seeds, data, parameters, file)

    main, twins = {}, {}
    for place, run in enumerate(runs):
        # An adapter's start is its own, so that what two runs share is the data and the head.
        main[run.name] = trained(run, Seeds(head, order, words[6 + place]), "main")
        if run.name in parameters.twin_names():
            seeds = Seeds(twin_head, twin_order, words[6 + len(runs) + place])
            twins[run.name] = trained(run, seeds, "twin")
    tested = np.random.default_rng(test_seed).permutation(len(data.test))
    test = data.test.take(np.sort(tested[: parameters.test_texts]))
    generator = np.random.default_rng(measure_seed)
    return {
        **_curves(parameters, data, main, test),
        **_updates(parameters, main, generator),
        "phi": comparisons.similarities(parameters, main, twins, generator).astype(np.float32),
        **_truncated(parameters, data, main),
        **_representations(parameters, data, main, twins),
        **_plane(parameters, data, main),
    }


def _curves(
    parameters: Parameters, data: Data, main: dict[str, Trained], test: model.Texts
) -> dict[str, np.ndarray]:
    tested = []
    for trained in main.values():
        dense = {name: svd.dense() for name, svd in trained.updates.items()}
        net = training.with_updates(parameters, data.classes, dense, trained.head)
        tested.append(training.evaluate(net, test))
    runs = main.values()
    validation = np.array([trained.validation for trained in runs])
    return {
        "training_loss": np.array([trained.training_loss for trained in runs]),
        "validation_accuracy": validation[..., 0],
        "validation_loss": validation[..., 1],
        "test_accuracy": np.array(tested)[:, 0],
        "test_loss": np.array(tested)[:, 1],
        "converged": np.array(
            [np.isfinite(trained.training_loss).all() for trained in runs], dtype=np.int8
        ),
        "trainable_parameters": np.array([trained.size for trained in runs]),
    }


def _updates(
    parameters: Parameters, main: dict[str, Trained], generator: np.random.Generator
) -> dict[str, np.ndarray]:
    """Measure the updates; what a run does not adapt, or has no directions for, is ``nan``."""
    names = parameters.matrix_names()
    base = base_weights(parameters)
    left = _left_bases(parameters)
    full = main.get("full")
    longest = max((min(weight.shape) for weight in base.values()), default=1)
    lengths: dict[str, tuple[int, ...]] = dict.fromkeys(comparisons.UPDATE_VALUES, ())
    lengths |= dict.fromkeys(comparisons.CAPTURED, (len(PROBED_RANKS),))
    lengths |= {"singular_value": (longest,)}
    if full:
        lengths |= {comparisons.AT_FULL_NORM: ()}
    found = {key: np.full((len(main), len(names), *of), np.nan) for key, of in lengths.items()}
    for row, trained in enumerate(main.values()):
        measured = comparisons.measure_updates(trained, base, left, full, generator)
        for name, values in measured.items():
            for key, value in values.items():
                leading: Any = [slice(length) for length in np.shape(value)]
                found[key][row, names.index(name), *leading] = value
    return found


def base_weights(parameters: Parameters) -> dict[str, np.ndarray]:
    """Return the pretrained weights of all adapted matrices in float64."""
    net = model.network(parameters, 2, 0)
    modules = net.matrices("qkvoud")
    return {
        name: modules[name].weight.detach().cpu().numpy().astype(np.float64)
        for name in parameters.matrix_names()
    }


@functools.lru_cache(maxsize=1)
def _left_bases(parameters: Parameters) -> dict[str, np.ndarray]:
    return {name: measure.left_basis(w) for name, w in base_weights(parameters).items()}


def _truncated(
    parameters: Parameters, data: Data, main: dict[str, Trained]
) -> dict[str, np.ndarray]:
    found = np.array(
        [comparisons.truncation(trained, data, parameters) for trained in main.values()]
    )
    return {
        "truncated_accuracy": found[:, :-1, 0],
        "truncated_loss": found[:, :-1, 1],
        "whole_accuracy": found[:, -1, 0],
    }


def _representations(
    parameters: Parameters, data: Data, main: dict[str, Trained], twins: dict[str, Trained]
) -> dict[str, np.ndarray]:
    """Compare with full fine-tuning, where the point has it; ``nan`` for a run that diverged."""
    if "full" not in main:
        return {}
    compare = comparisons.alignment_of_representations
    full = comparisons.activations(main["full"], data, parameters)
    found = {
        "cka": np.full((len(main), 2 * parameters.layers), np.nan),
        "cka_pretrained": compare(comparisons.activations(None, data, parameters), full),
    }
    for row, (name, trained) in enumerate(main.items()):
        if name != "full" and np.isfinite(trained.head[0]).all():
            found["cka"][row] = compare(comparisons.activations(trained, data, parameters), full)
    if "full" in twins:
        other = comparisons.activations(twins["full"], data, parameters)
        found["cka_full"] = compare(other, full)
    return found


def _plane(parameters: Parameters, data: Data, main: dict[str, Trained]) -> dict[str, np.ndarray]:
    ranks = parameters.compared_ranks()
    randlora = next((t for t in main.values() if t.run.method == "randlora"), None)
    if not parameters.plane_points or ranks is None or randlora is None or "full" not in main:
        return {}
    corners = main[ranks[0].name], main["full"], randlora
    losses, barriers = comparisons.loss_plane(corners, data, parameters)
    return {"plane_loss": losses, "barrier": barriers}
