"""Train all runs of a point on real texts, replicate by replicate, and measure them."""

import functools
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from rankscope.studies.language_model import corpora
from rankscope.probe import measure
from rankscope.studies.language_model import simulation_comparisons as comparisons
from rankscope.studies.language_model import simulation_labels as labels
from rankscope.studies.language_model import simulation_model as model
from rankscope.studies.language_model import simulation_training as training
from rankscope.studies.language_model.parameters import Parameters, Run
from rankscope.studies.language_model.simulation_training import Data, Seeds, Trained

# The sweeps of learning rates that this process has made: calls for further replicates of a
# point choose the same rates.
_sweeps: dict[Parameters, np.ndarray] = {}


def simulate(
    parameters: Parameters,
    streams: Sequence[np.random.SeedSequence],
    checkpoints: Path | None = None,
) -> xr.Dataset:
    """Choose learning rates, then train and measure every run once per replicate.

    Args:
        parameters: the point.
        streams: a stream per replicate: initial head, data order, adapters, test texts.
        checkpoints: a folder that survives a killed job; training goes on from it.

    Returns:
        A dataset with dimensions ``replicate``, ``run``, ``matrix`` and others.
    """
    torch.set_num_threads(parameters.threads)
    data = prepare(parameters)
    if parameters not in _sweeps:
        _sweeps[parameters] = _sweep(parameters, data, checkpoints)
    sweep = _sweeps[parameters]
    chosen = choose(parameters, sweep)
    rows = [_replicate(parameters, data, chosen, stream, checkpoints) for stream in streams]
    names = rows[0].keys()
    values = {name: np.stack([row[name] for row in rows]) for name in names}
    return labels.label(parameters, data.test.labels.cpu().numpy(), values, sweep, chosen)


def prepare(parameters: Parameters) -> Data:
    """Read the texts, divide them, and run the frozen layers over them, once a process."""
    return _prepare(
        parameters.task,
        parameters.corpus_file,
        parameters.model,
        *(parameters.layers, parameters.tokens, parameters.data_seed, parameters.device),
        *(parameters.training_texts, parameters.validation_texts, parameters.test_pool),
    )


@functools.lru_cache(maxsize=1)
def _prepare(
    task: str,
    corpus_file: str,
    model_name: str,
    layers: int,
    tokens: int,
    data_seed: int,
    device: str,
    training_texts: int,
    validation_texts: int,
    test_pool: int,
) -> Data:
    needed = Parameters(
        task=task,
        runs="head",
        corpus_file=corpus_file,
        model=model_name,
        layers=layers,
        tokens=tokens,
        device=device,
    )
    corpus = corpora.load(corpus_file or task)
    generator = np.random.default_rng(np.random.SeedSequence([data_seed, 0]))
    order = generator.permutation(len(corpus.texts))
    if corpus.test.any():  # the publisher's split
        rest, test = order[~corpus.test[order]], order[corpus.test[order]]
    else:
        test, rest = order[:test_pool], order[test_pool:]
    wanted = training_texts + validation_texts
    if len(test) < test_pool or len(rest) < wanted:
        raise ValueError(
            f"{task} has {len(rest)} texts for training and validation and {len(test)} for "
            f"testing; {wanted} and {test_pool} are asked for"
        )
    sets = (rest[:training_texts], rest[training_texts:wanted], test[:test_pool])
    encoded = [
        model.encode(needed, [corpus.texts[t] for t in chosen], corpus.labels[chosen])
        for chosen in sets
    ]
    return Data(*encoded, classes=len(corpus.classes))


def _sweep(parameters: Parameters, data: Data, checkpoints: Path | None) -> np.ndarray:
    """Return validation accuracy and loss of each run at each rate, ``(run, rate, 2)``.

    The seeds come from ``data_seed`` alone and are shared by all runs.
    """
    words = np.random.SeedSequence([parameters.data_seed, 1]).generate_state(3)
    seeds = Seeds(*(int(word) for word in words))
    last = np.array([parameters.steps])
    return np.array(
        [
            [
                training.fit(
                    run,
                    rate,
                    seeds,
                    data,
                    parameters,
                    last,
                    _file(checkpoints, run, rate, "sweep"),
                ).validation[-1]
                for rate in parameters.rates(run.method)
            ]
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
    main, twins = {}, {}
    for place, run in enumerate(runs):
        common = (data, parameters)
        rate = chosen[run.name]
        # An adapter's start is its own, so that what two runs share is the data and the head.
        seeds = Seeds(head, order, words[6 + place])
        main[run.name] = training.train(
            run, rate, seeds, *common, _file(checkpoints, run, rate, f"main-{label}")
        )
        if run.name in parameters.twin_names():
            seeds = Seeds(twin_head, twin_order, words[6 + len(runs) + place])
            twins[run.name] = training.train(
                run, rate, seeds, *common, _file(checkpoints, run, rate, f"twin-{label}")
            )
    tested = np.random.default_rng(test_seed).permutation(len(data.test))
    test = data.test.take(np.sort(tested[: parameters.test_texts]))
    generator = np.random.default_rng(measure_seed)
    return {
        **_curves(parameters, data, main, test),
        **_updates(parameters, main, generator),
        "phi": comparisons.similarities(parameters, main, twins, generator).astype(np.float32),
        "truncated": np.array(
            [comparisons.truncation(main[run.name], data, parameters) for run in runs]
        ),
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
    finite = [np.isfinite(trained.training_loss).all() for trained in main.values()]
    return {
        "training_loss": np.array([trained.training_loss for trained in main.values()]),
        "validation": np.array([trained.validation for trained in main.values()]),
        "test": np.array(tested),
        "converged": np.array(finite, dtype=np.int8),
        "trainable_parameters": np.array([trained.size for trained in main.values()]),
    }


def _updates(
    parameters: Parameters, main: dict[str, Trained], generator: np.random.Generator
) -> dict[str, np.ndarray]:
    names = parameters.matrix_names()
    base = base_weights(parameters)
    left = _left_bases(parameters)
    count = (len(main), len(names))
    scalars = (*comparisons.UPDATE_VALUES, *comparisons.INTRUDERS)
    probed = len(comparisons.PROBED_RANKS)
    found = {name: np.full(count, np.nan) for name in scalars}
    found |= {name: np.full((*count, probed), np.nan) for name in comparisons.CAPTURED}
    longest = max((min(base[name].shape) for name in names), default=1)
    found["singular_value"] = np.full((*count, longest), np.nan)
    for row, trained in enumerate(main.values()):
        measured = comparisons.measure_updates(trained, base, left, main.get("full"), generator)
        for name, values in measured.items():
            place = row, names.index(name)
            for key, value in values.items():
                if key == "singular_value":
                    found[key][place][: len(value)] = value
                else:
                    found[key][place] = value
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


def _representations(
    parameters: Parameters, data: Data, main: dict[str, Trained], twins: dict[str, Trained]
) -> dict[str, np.ndarray]:
    places = 2 * parameters.layers
    found = {
        "cka": np.full((len(main), places), np.nan),
        "cka_pretrained": np.full(places, np.nan),
        "cka_full": np.full(places, np.nan),
    }
    if "full" not in main:
        return found
    compare = comparisons.alignment_of_representations
    full = comparisons.activations(main["full"], data, parameters)
    for row, (name, trained) in enumerate(main.items()):
        if name != "full" and np.isfinite(trained.head[0]).all():
            found["cka"][row] = compare(comparisons.activations(trained, data, parameters), full)
    found["cka_pretrained"] = compare(comparisons.activations(None, data, parameters), full)
    if "full" in twins:
        other = comparisons.activations(twins["full"], data, parameters)
        found["cka_full"] = compare(other, full)
    return found


def _plane(parameters: Parameters, data: Data, main: dict[str, Trained]) -> dict[str, np.ndarray]:
    ranks = parameters.compared_ranks()
    randlora = next((t for t in main.values() if t.run.method == "randlora"), None)
    side = parameters.plane_points
    if not side or ranks is None or randlora is None or "full" not in main:
        empty = np.full((side, side), np.nan), np.full(len(comparisons.EDGES), np.nan)
        return dict(zip(("plane_loss", "barrier"), empty, strict=True))
    corners = main[ranks[0].name], main["full"], randlora
    losses, barriers = comparisons.loss_plane(corners, data, parameters)
    return {"plane_loss": losses, "barrier": barriers}
