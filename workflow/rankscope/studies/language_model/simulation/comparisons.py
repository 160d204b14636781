"""What is measured on trained runs, one by one and against each other."""

from typing import Any

import numpy as np
import torch

from rankscope.numerics import low_rank, representations, subspaces
from rankscope.probe import measure
from rankscope.studies.language_model.parameters import DIRECTIONS, PROBED_RANKS, Parameters
from rankscope.studies.language_model.simulation import model, training
from rankscope.studies.language_model.simulation.training import Data, Trained

KEPT = (0, 1, 4, 16, 64)
SAME_SEED, RANDOM = "two ranks, same seed", "random"
SIDES = ("A", "update", "update, outputs")
EDGES = ("LoRA - full", "LoRA - RandLoRA", "full - RandLoRA")
AT_FULL_NORM = "intruders_full_norm"
UPDATE_VALUES = (
    "update_norm",
    "relative_norm",
    "numerical_rank",
    "stable_rank",
    "effective_rank",
    "rank_90",
    "rank_99",
    "intruders",
    "intruders_random",
)
CAPTURED = ("amplification", "amplification_null", "alignment")
_SETTINGS = measure.Settings(ranks=PROBED_RANKS)


def measure_updates(
    trained: Trained,
    base: dict[str, np.ndarray],
    base_left: dict[str, np.ndarray],
    full: Trained | None,
    generator: np.random.Generator,
) -> dict[str, dict[str, float | np.ndarray]]:
    """Measure each update of a run: ranks, norms, amplification and intruders.

    Returns:
        For each matrix, values by name; matrices whose update diverged are left out.
    """
    found = {}
    for name, svd in trained.updates.items():
        if np.isfinite(svd.singular_values).all():
            values = measure.update(base[name], svd, _SETTINGS)
            matched = measure.intruders(base[name], base_left[name], svd, _SETTINGS, [generator])
            values["intruders"] = matched["intruders"]
            values["intruders_random"] = matched["intruders_control"][0]
            found[name] = {key: values[key] for key in (*UPDATE_VALUES, *CAPTURED)}
            found[name]["singular_value"] = svd.singular_values
            if full is not None and name in full.updates and svd.frobenius_norm > 0:
                scale = full.updates[name].frobenius_norm / svd.frobenius_norm
                same = low_rank.LowRankSvd(svd.left, scale * svd.singular_values, svd.right)
                found[name][AT_FULL_NORM] = measure.intruders(
                    base[name], base_left[name], same, _SETTINGS, []
                )["intruders"]
    return found


def truncation(trained: Trained, data: Data, parameters: Parameters) -> np.ndarray:
    """Return accuracy and loss with updates cut to ``KEPT`` directions, not retrained.

    Shape ``(kept + 1, 2)``, the last with the whole update; the head is the trained one,
    also at 0 directions.
    """
    texts = probe_texts(data, parameters)
    largest = max((len(s.singular_values) for s in trained.updates.values()), default=0)
    rows: list[tuple[float, float]] = []
    before = -1
    for kept in (*KEPT, max(largest, KEPT[-1])):
        if before >= largest:
            rows.append(rows[-1])
            continue
        before = kept
        cut = {name: svd.truncated(kept).dense() for name, svd in trained.updates.items()}
        net = training.with_updates(parameters, data.classes, cut, trained.head)
        rows.append(training.evaluate(net, texts))
    return np.array(rows)


def probe_texts(data: Data, parameters: Parameters) -> model.Texts:
    """Return the validation texts that analyses run on."""
    return data.validation.take(np.arange(min(parameters.probe_texts, len(data.validation))))


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
            found["two ranks, other seed"] = small, large
        if large in twins:
            found["largest rank, two seeds"] = large, large
    if "full" in twins:
        found["full, two seeds"] = "full", "full"
    return found


def similarities(
    parameters: Parameters,
    runs: dict[str, Trained],
    twins: dict[str, Trained],
    generator: np.random.Generator,
) -> np.ndarray:
    """Return ``phi(i, j)`` of the pairs of runs, and of random frames.

    Shape ``(pairs + 1, SIDES, matrices, DIRECTIONS, DIRECTIONS)``. Side ``A`` takes the right
    singular vectors of LoRA's factor ``A``, as the paper does; the other two take the
    right and the left ones of the update itself. ``nan`` where there are fewer directions.
    """
    names = parameters.matrix_names()
    compared = pairs(parameters)
    shape = (len(compared) + 1, len(SIDES), len(names), DIRECTIONS, DIRECTIONS)
    result = np.full(shape, np.nan)
    for place, (pair, (first, second)) in enumerate(compared.items()):
        other = runs if pair == SAME_SEED else twins
        for row, matrix in enumerate(names):
            for side, bases in enumerate(_bases(runs[first], other[second], matrix)):
                if bases is not None:
                    _put(result[place, side, row], *bases)
    for row, matrix in enumerate(names):
        width = parameters.shape(matrix[-1])[1]
        frames = low_rank.random_frame(generator, (2, width, min(DIRECTIONS, width)))
        _put(result[-1, 0, row], *frames)
    return result


def _bases(
    first: Trained, second: Trained, matrix: str
) -> list[tuple[np.ndarray, np.ndarray] | None]:
    """Return the two runs' bases for each of ``SIDES``."""
    if matrix not in first.updates or matrix not in second.updates:
        return [None, None, None]
    one, other = (_nonzero(trained.updates[matrix]) for trained in (first, second))
    inputs = None
    if matrix in first.lora_A and matrix in second.lora_A:
        a, b = first.lora_A[matrix], second.lora_A[matrix]
        if np.isfinite(a).all() and np.isfinite(b).all():
            inputs = _row_basis(a), _row_basis(b)
    return [inputs, (one.right, other.right), (one.left, other.left)]


def _row_basis(a: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis of a factor's rows, as columns."""
    return np.linalg.svd(a, full_matrices=False)[2].T


def _nonzero(svd: low_rank.LowRankSvd) -> low_rank.LowRankSvd:
    finite = np.isfinite(svd.singular_values).all()
    return svd.truncated(measure.numerical_rank(svd) if finite else 0)


def _put(target: np.ndarray, first: np.ndarray, second: np.ndarray) -> None:
    if first.shape[1] and second.shape[1]:
        phi = subspaces.subspace_similarity(first[:, :DIRECTIONS], second[:, :DIRECTIONS])
        target[: phi.shape[0], : phi.shape[1]] = phi


def activations(trained: Trained | None, data: Data, parameters: Parameters) -> list[np.ndarray]:
    """Return the states of all probe tokens after each attention block and each layer.

    Args:
        trained: a run; ``None`` for the pretrained model.
        data: the encoded sets.
        parameters: the point.

    Returns:
        Arrays of shape ``(tokens, hidden)``: attention, layer, and so on upwards.
    """
    updates = trained.updates if trained else {}
    head: Any = trained.head if trained else (0.0, 0.0)
    dense = {name: svd.dense() for name, svd in updates.items()}
    net = training.with_updates(parameters, data.classes, dense, head)
    found: list[np.ndarray] = []
    texts = probe_texts(data, parameters)
    with torch.inference_mode():
        states, mask, _ = texts.batch(np.arange(len(texts)))
        for layer in net.upper():
            attended = layer.attention(states, mask[:, None, None, :])[0]
            states = layer.feed_forward_chunk(attended)
            found += [block[mask].double().cpu().numpy() for block in (attended, states)]
    return found


def alignment_of_representations(first: list[np.ndarray], second: list[np.ndarray]) -> np.ndarray:
    """Return the linear CKA of two models after each block."""
    return np.array([representations.linear_cka(a, b) for a, b in zip(first, second, strict=True)])


def plane_axis(parameters: Parameters) -> np.ndarray:
    """Return the coordinates of the loss plane, the same along both axes."""
    return np.linspace(-0.5, 1.5, parameters.plane_points)


def loss_plane(
    corners: tuple[Trained, Trained, Trained], data: Data, parameters: Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """Return the training loss on the plane through LoRA, full and RandLoRA, and barriers.

    LoRA lies at (0, 0), full fine-tuning at (1, 0) and RandLoRA at (1/2, 1); updates and
    heads are mixed with weights ``1 - y/2 - x``, ``x - y/2`` and ``y``, which sum to one. A
    barrier is the largest excess of the loss over the straight line between the two ends,
    at three points of an edge.

    Returns:
        Losses of shape ``(y, x)`` and barriers of ``EDGES``.

    Source:
        Albert et al., arXiv 2502.00987, section 6.2.
    """
    lora, full, randlora = corners
    texts = data.training.take(np.arange(min(parameters.probe_texts, len(data.training))))

    def loss(weights: tuple[float, float, float]) -> float:
        return _mixed_loss((lora, full, randlora), weights, texts, data, parameters)

    axis = plane_axis(parameters)
    losses = np.array([[loss((1 - y / 2 - x, x - y / 2, y)) for x in axis] for y in axis])
    ends = np.eye(3)
    barriers = []
    for first, second in ((0, 1), (0, 2), (1, 2)):
        start, end = loss(tuple(ends[first])), loss(tuple(ends[second]))
        barriers.append(
            max(
                loss(tuple((1 - t) * ends[first] + t * ends[second])) - (1 - t) * start - t * end
                for t in (0.25, 0.5, 0.75)
            )
        )
    return losses, np.array(barriers)


def _mixed_loss(
    corners: tuple[Trained, ...],
    weights: tuple[float, ...],
    texts: model.Texts,
    data: Data,
    parameters: Parameters,
) -> float:
    updates: dict[str, np.ndarray] = {}
    for trained, weight in zip(corners, weights, strict=True):
        for name, svd in trained.updates.items():
            updates[name] = updates.get(name, 0.0) + weight * svd.dense()
    head: Any = tuple(
        sum(weight * trained.head[part] for trained, weight in zip(corners, weights, strict=True))
        for part in (0, 1)
    )
    net = training.with_updates(parameters, data.classes, updates, head)
    return training.evaluate(net, texts)[1]
