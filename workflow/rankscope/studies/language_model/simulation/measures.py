"""What is measured on trained runs, one by one and against each other, with its labels."""

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import low_rank, representations, subspaces
from rankscope.probe import measure
from rankscope.studies.language_model.parameters import (
    DIRECTIONS,
    KEPT,
    PROBED_RANKS,
    Parameters,
)
from rankscope.studies.language_model.simulation import model, training
from rankscope.studies.language_model.simulation.network import Update
from rankscope.studies.language_model.simulation.training import Data, Model, Trained

SAME_SEED, OTHER_SEED = "two ranks, same seed", "two ranks, other seed"
TWO_SEEDS, FULL_SEEDS, RANDOM = "largest rank, two seeds", "full, two seeds", "random"
AT_FULL_NORM, AT_EQUAL_LOSS = "intruders_full_norm", "intruders_equal_loss"
HALVINGS = 7
"""Of the interval in which the scale of an update is sought: to less than a hundredth."""
UPDATE_VALUES = {
    "update_norm": "Frobenius norm of the update",
    "relative_norm": "Frobenius norm of the update over that of the base weight",
    "numerical_rank": "numerical rank of the update in single precision",
    "stable_rank": "stable rank of the update",
    "effective_rank": "effective rank of the update's singular values",
    "rank_90": "directions that hold 90 % of the update's energy",
    "rank_99": "directions that hold 99 % of the update's energy",
    "intruders": "intruders among the tuned weight's ten leading directions",
    "intruders_random": "intruders, same singular values in random directions",
    AT_FULL_NORM: "intruders, update scaled to full fine-tuning's norm",
    AT_EQUAL_LOSS: "intruders, update scaled to a loss that full and LoRA reach",
}
CAPTURED = {
    "amplification": "amplification factor of the update's leading directions",
    "amplification_null": "amplification factor of random directions",
    "alignment": "base weight in the update's directions over random ones",
}
_SETTINGS = measure.Settings(ranks=PROBED_RANKS)


@dataclasses.dataclass(frozen=True)
class Group:
    """Runs that share head, training texts and their order.

    Attributes:
        runs: on the texts' own labels.
        nulls: some of them once more, each on labels that are shuffled anew.
    """

    runs: Sequence[Trained]
    nulls: Sequence[Trained] = ()


def measure_all(
    parameters: Parameters,
    data: Data,
    first: Group,
    second: Group,
    generator: np.random.Generator,
) -> xr.Dataset:
    """Return everything that is measured on a replicate's runs and the twins of some."""
    main, twins = first.runs, second.runs
    svds = {one.run.name: _decomposed(one) for one in main}
    scales = equal_loss_scales(main, data)
    pretrained = Model({}, main[0].head)
    others = [one for one in twins if one.run.method == "full"]
    tested = training.evaluate([*main, pretrained, *others], data.test, data, with_states=True)
    own = slice(len(main))
    losses = np.stack([one.loss for one in main])
    found = xr.Dataset(
        {
            "training_loss": variable(("run", "step"), losses, "loss of the batch", "nat"),
            # of single precision, as the planted ones of an audit are no 0 or 1
            "correct": variable(
                ("run", "text"), tested.correct[own].astype(np.float32), "1 if the class is found"
            ),
            "test_loss": variable("run", tested.loss[own], "cross entropy, test texts", "nat"),
            "trainable_parameters": variable(
                "run", [one.size for one in main], "trained parameters without the head"
            ),
            "truncated_correct": variable(
                ("run", "kept", "text"),
                _truncated(data, main, svds, tested.correct[own]),
                "1 if the class is found with a truncated update",
            ),
            "phi": variable(
                ("pair", "matrix", "direction"),
                similarities(parameters, main, twins, generator),
                "subspace similarity phi(i, i)",
            ),
            "phi_shuffled": variable(
                ("pair", "matrix", "direction"),
                similarities(parameters, first.nulls, second.nulls),
                "subspace similarity phi(i, i), shuffled labels",
            ),
            "equal_loss_scale": variable(
                "run",
                [scales.get(one.run.name, np.nan) for one in main],
                "scale of the update at a validation loss that full and LoRA reach",
            ),
            **_updates(parameters, main, svds, scales, generator),
            **_alignment_of_nulls(parameters, first.nulls),
            **_representations(main, tested.states),
        }
    )
    return found.assign_coords(_coordinates(parameters, len(data.test)))


def _decomposed(trained: Trained) -> dict[str, low_rank.LowRankSvd]:
    """Decompose the updates of a run, without those that have diverged."""
    found = {}
    for name, update in trained.updates.items():
        if not torch.isfinite(update.dense()).all():
            continue
        if update.right is None:
            found[name] = measure.decompose_dense(_array(update.left))
        else:
            found[name] = low_rank.svd(_array(update.left), _array(update.right))
    return found


def equal_loss_scales(main: Sequence[Trained], data: Data) -> dict[str, float]:
    """Return by what updates are to be scaled to do equally well, by a run's name.

    Of full fine-tuning and LoRA on the point's matrices, if it has both. The loss on the
    validation texts that all of them reach is that of the worst; a scale, at most 1, is where the
    loss of the scaled update with the trained head falls to it, by bisection. Runs that diverged
    are left out.
    """
    own = [one for one in main if "." not in one.run.name and one.run.method in ("full", "lora")]
    if len({one.run.method for one in own}) < 2:
        return {}
    losses = training.evaluate(own, data.validation, data).loss
    own = [one for one, loss in zip(own, losses, strict=True) if np.isfinite(loss)]
    goal = losses[np.isfinite(losses)].max(initial=-np.inf)
    lower, upper = np.zeros(len(own)), np.ones(len(own))
    for _ in range(HALVINGS if own else 0):
        middle = (lower + upper) / 2
        scaled = [
            Model({n: update.scaled(float(scale)) for n, update in one.updates.items()}, one.head)
            for one, scale in zip(own, middle, strict=True)
        ]
        reached = training.evaluate(scaled, data.validation, data).loss <= goal
        lower, upper = np.where(reached, lower, middle), np.where(reached, middle, upper)
    return {one.run.name: float(scale) for one, scale in zip(own, upper, strict=True)}


def _truncated(
    data: Data,
    main: Sequence[Trained],
    svds: dict[str, dict[str, low_rank.LowRankSvd]],
    whole: np.ndarray,
) -> np.ndarray:
    """Return which texts are classified well with updates cut to ``KEPT`` directions.

    Nothing is retrained; the head is the trained one, also at 0 directions. Runs with targets
    of their own, and runs that diverged, are left out.
    """
    found = np.full((len(main), len(KEPT), whole.shape[1]), np.nan, dtype=np.float32)
    heads = [Model({}, one.head) for one in main]
    without = training.evaluate(heads, data.test, data).correct
    models, places = [], []
    for row, trained in enumerate(main):
        own = svds[trained.run.name]
        if "." in trained.run.name or not own or len(own) < len(trained.updates):
            continue
        found[row], found[row, 0] = whole[row], without[row]
        largest = max(len(svd.singular_values) for svd in own.values())
        for place, kept in enumerate(KEPT):
            if 0 < kept < largest:
                cut = {name: _cut(svd, kept, trained) for name, svd in own.items()}
                models.append(Model(cut, trained.head))
                places.append((row, place))
    if models:
        found[tuple(zip(*places, strict=True))] = training.evaluate(models, data.test, data).correct
    return found


def similarities(
    parameters: Parameters,
    main: Sequence[Trained],
    twins: Sequence[Trained],
    generator: np.random.Generator | None = None,
) -> np.ndarray:
    """Return ``phi(i, i)`` of the pairs of runs, and of random frames, ``(pair, matrix, i)``.

    LoRA's pairs are compared as in the paper, by the right singular vectors of the factor
    ``A``, full fine-tuning's by those of the update. ``nan`` where there are fewer directions, or
    no such runs or no generator.
    """
    names = parameters.matrix_names()
    compared = pairs(parameters)
    result = np.full((len(compared) + 1, len(names), DIRECTIONS), np.nan, dtype=np.float32)
    for place, (pair, (first, second)) in enumerate(compared.items()):
        one, other = _bases(first, main), _bases(second, main if pair == SAME_SEED else twins)
        for row, name in enumerate(names):
            if name in one and name in other:
                _put(result[place, row], one[name], other[name])
    for row, name in enumerate(names):
        if generator is None:
            break
        width = parameters.shape(name[-1])[1]
        frames = low_rank.random_frame(generator, (2, width, min(DIRECTIONS, width)))
        _put(result[-1, row], *frames)
    return result


def pairs(parameters: Parameters) -> dict[str, tuple[str, str]]:
    """Return the pairs whose directions are compared, as the names of two runs.

    The second of a pair is the twin where the pair is of two seeds.
    """
    twins = parameters.twin_names()
    found = {}
    if ranks := parameters.compared_ranks():
        small, large = (run.name for run in ranks)
        if small != large:
            found[SAME_SEED] = small, large
        if small != large and large in twins:
            found[OTHER_SEED] = small, large
        if large in twins:
            found[TWO_SEEDS] = large, large
    if "full" in twins:
        found[FULL_SEEDS] = "full", "full"
    return found


def _bases(name: str, runs: Sequence[Trained]) -> dict[str, np.ndarray]:
    """Return a run's directions of each matrix's inputs, of ``A`` where it has one."""
    return {
        matrix: np.linalg.svd(trained.lora_A[matrix], full_matrices=False)[2].T
        if trained.lora_A
        else svd.truncated(measure.numerical_rank(svd)).right
        for trained in runs
        if trained.run.name == name
        for matrix, svd in _decomposed(trained).items()
    }


def _put(target: np.ndarray, first: np.ndarray, second: np.ndarray) -> None:
    count = min(first.shape[1], second.shape[1], DIRECTIONS)
    if count:
        phi = subspaces.subspace_similarity(first[:, :count], second[:, :count])
        target[:count] = np.diagonal(phi)


def _updates(
    parameters: Parameters,
    main: Sequence[Trained],
    svds: dict[str, dict[str, low_rank.LowRankSvd]],
    scales: dict[str, float],
    generator: np.random.Generator,
) -> dict[str, xr.Variable]:
    """Measure ranks, norms, amplification and intruders of each update.

    What a run does not adapt, or has no directions for, is ``nan``.
    """
    names = parameters.matrix_names()
    base, left = _base(parameters)
    longest = max((min(weight.shape) for weight in base.values()), default=1)
    lengths: dict[str, tuple[int, ...]] = dict.fromkeys(UPDATE_VALUES, ())
    lengths |= dict.fromkeys(CAPTURED, (len(PROBED_RANKS),)) | {"singular_value": (longest,)}
    full = svds.get("full", {})
    if "full" not in svds:
        del lengths[AT_FULL_NORM], lengths[AT_EQUAL_LOSS]
    found = {key: np.full((len(main), len(names), *of), np.nan) for key, of in lengths.items()}
    for row, trained in enumerate(main):
        for name, svd in svds[trained.run.name].items():
            values = _update(base[name], left[name], svd, full.get(name), generator)
            if scale := scales.get(trained.run.name):
                values[AT_EQUAL_LOSS] = _scaled_intruders(base[name], left[name], svd, scale)
            for key in found:
                leading: Any = [slice(length) for length in np.shape(values.get(key, ()))]
                if key in values:
                    found[key][row, names.index(name), *leading] = values[key]
    both = ("run", "matrix")
    dims = dict.fromkeys(CAPTURED, (*both, "probed_rank")) | {"singular_value": (*both, "index")}
    texts = UPDATE_VALUES | CAPTURED | {"singular_value": "singular values of the update"}
    return {key: variable(dims.get(key, both), values, texts[key]) for key, values in found.items()}


def _alignment_of_nulls(parameters: Parameters, nulls: Sequence[Trained]) -> dict[str, xr.Variable]:
    """Measure the alignment of LoRA of the largest rank on shuffled labels, if there is one."""
    if not nulls:
        return {}
    names, largest = parameters.matrix_names(), max(nulls, key=lambda one: one.run.rank)
    found = np.full((len(names), len(PROBED_RANKS)), np.nan)
    for name, svd in _decomposed(largest).items():
        values = measure.update(_base(parameters)[0][name], svd, _SETTINGS)
        found[names.index(name)] = values["alignment"]
    text = "base weight in the update's directions over random ones, shuffled labels"
    return {"alignment_shuffled": variable(("matrix", "probed_rank"), found, text)}


def _update(
    base: np.ndarray,
    left: np.ndarray,
    svd: low_rank.LowRankSvd,
    full: low_rank.LowRankSvd | None,
    generator: np.random.Generator,
) -> dict[str, Any]:
    """Measure an update, with controls of its intruders where its rank is low: they cost most."""
    values = measure.update(base, svd, _SETTINGS)
    is_low = len(svd.singular_values) < min(base.shape)
    matched = measure.intruders(base, left, svd, _SETTINGS, [generator] if is_low else [])
    values["intruders"] = matched["intruders"]
    values["singular_value"] = svd.singular_values
    if is_low:
        values["intruders_random"] = matched["intruders_control"][0]
    if is_low and full is not None and svd.frobenius_norm > 0:
        scale = full.frobenius_norm / svd.frobenius_norm
        values[AT_FULL_NORM] = _scaled_intruders(base, left, svd, float(scale))
    return values


def _scaled_intruders(
    base: np.ndarray, left: np.ndarray, svd: low_rank.LowRankSvd, scale: float
) -> int:
    """Count the intruders of an update that is scaled."""
    same = low_rank.LowRankSvd(svd.left, scale * svd.singular_values, svd.right)
    return int(measure.intruders(base, left, same, _SETTINGS, [])["intruders"])


@functools.lru_cache(maxsize=1)
def _base(parameters: Parameters) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the pretrained weights of all adapted matrices, and their left bases."""
    network = model.network(parameters)
    base = {name: _array(network.base[name]) for name in parameters.matrix_names()}
    return base, {name: measure.left_basis(weight) for name, weight in base.items()}


def _representations(main: Sequence[Trained], states: np.ndarray) -> dict[str, xr.Variable]:
    """Compare first tokens' states with full fine-tuning's, where the point has it.

    Args:
        main: the runs.
        states: theirs, the pretrained model's, and those of full fine-tuning's twin if it has one.
    """
    names = [one.run.name for one in main]
    if "full" not in names:
        return {}
    full = states[names.index("full")]
    close = [_cka(one, full) for one in states]
    found = {"cka": variable("run", close[: len(main)], "linear CKA with full")}
    others = {
        "cka_pretrained": "linear CKA, pretrained and full",
        "cka_full": "linear CKA of full, two seeds",
    }
    for (name, text), value in zip(others.items(), close[len(main) :], strict=False):
        found[name] = variable((), value, text)
    return found


def _cka(first: np.ndarray, second: np.ndarray) -> float:
    """Return linear CKA; ``nan`` if a run diverged."""
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return float("nan")
    return float(representations.linear_cka(first.astype(float), second.astype(float)))


def _coordinates(parameters: Parameters, texts: int) -> dict[str, xr.Variable]:
    width = max((min(parameters.shape(n[-1])) for n in parameters.matrix_names()), default=1)
    entries: dict[str, tuple[Any, str]] = {
        "run": ([run.name for run in parameters.run_list()], "run: method, rank, targets"),
        "matrix": (list(parameters.matrix_names()), "layer (from 0) and target of a matrix"),
        "text": (np.arange(texts), "test text"),
        "index": (np.arange(1, width + 1), "index of a singular value, from the largest"),
        "step": (np.arange(1, parameters.steps + 1), "optimiser step"),
        "probed_rank": (list(PROBED_RANKS), "number of directions"),
        "kept": (list(KEPT), "directions kept of each update"),
        "pair": ([*pairs(parameters), RANDOM], "what is compared"),
        "direction": (np.arange(1, DIRECTIONS + 1), "directions of both"),
    }
    return {name: variable(name, values, text) for name, (values, text) in entries.items()}


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy().astype(np.float64)


def _cut(svd: low_rank.LowRankSvd, kept: int, like: Trained) -> Update:
    """Return the ``kept`` leading directions of an update."""
    leading = svd.truncated(kept)
    factors = leading.left * leading.singular_values, leading.right.T
    left, right = (torch.as_tensor(one).to(like.head[0]) for one in factors)
    return Update(left, right)
