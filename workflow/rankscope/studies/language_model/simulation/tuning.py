"""The search for learning rates, of body and head, the same for every run."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from rankscope.studies.language_model.parameters import Parameters, Run
from rankscope.studies.language_model.simulation import training
from rankscope.studies.language_model.simulation.training import Data, Setting

Place = tuple[int, int]
"""Steps of the search from where it starts, of the body's rate and of the head's."""


@dataclasses.dataclass(frozen=True)
class Search:
    """What a run was tried with.

    Attributes:
        tried: mean loss and accuracy on the validation texts, by place, in the order tried.
        best: the place of least loss.
        inside: whether all neighbours of the best place were tried.
    """

    tried: Mapping[Place, tuple[float, float]]
    best: Place
    inside: bool


def search(
    runs: Sequence[Run],
    measure: Callable[[list[tuple[Run, Place]]], list[tuple[float, float]]],
    moves: int,
) -> dict[str, Search]:
    """Try the neighbours of each run's best rates until none of them is better.

    The loss decides rather than the accuracy: on some hundred texts accuracies of neighbouring
    rates differ by a text or two.

    Args:
        runs: what to search for; ``head`` has no body.
        measure: loss and accuracy of runs at places.
        moves: how often the best place of a run may move.
    """
    tried: dict[str, dict[Place, tuple[float, float]]] = {run.name: {} for run in runs}
    best: dict[str, Place] = {run.name: (0, 0) for run in runs}
    for _ in range(moves + 1):
        wanted = [
            (run, place)
            for run in runs
            for place in _cross(run, best[run.name])
            if place not in tried[run.name]
        ]
        if not wanted:
            break
        for (run, place), found in zip(wanted, measure(wanted), strict=True):
            tried[run.name][place] = found
        for name, losses in tried.items():
            best[name] = min(losses, key=lambda place: _finite(losses[place][0]))
    return {
        run.name: Search(
            tried[run.name],
            best[run.name],
            inside=all(place in tried[run.name] for place in _cross(run, best[run.name])),
        )
        for run in runs
    }


def _cross(run: Run, place: Place) -> list[Place]:
    body, head = place
    around = [place, (body, head - 1), (body, head + 1)]
    return around if run.method == "head" else [*around, (body - 1, head), (body + 1, head)]


def _finite(loss: float) -> float:
    return loss if np.isfinite(loss) else float("inf")


def tune(parameters: Parameters, data: Data) -> dict[str, Search]:
    """Search on the validation texts, with training runs of seeds of their own.

    A loss is the mean over ``tuning_seeds`` runs, which draw training texts, their order, head
    and adapter; the seeds come from ``data_seed`` alone.
    """
    runs = parameters.run_list()
    seeds = [
        np.random.SeedSequence([parameters.data_seed, 1, number]).generate_state(2 + len(runs))
        for number in range(parameters.tuning_seeds)
    ]

    def measure(wanted: list[tuple[Run, Place]]) -> list[tuple[float, float]]:
        found = np.zeros((len(wanted), 2))
        for head, order, *adapters in seeds:
            own = dict(zip((run.name for run in runs), adapters, strict=True))
            settings = [
                Setting(run, *parameters.rates(run.method, *place), int(head), int(own[run.name]))
                for run, place in wanted
            ]
            steps = training.batches(int(order), data, parameters)
            for first in range(0, len(settings), training.SIDE_BY_SIDE):
                part = slice(first, first + training.SIDE_BY_SIDE)
                trained = training.train(settings[part], steps, data, parameters)
                tested = training.evaluate(trained, data.validation, data)
                found[part] += np.stack([tested.loss, tested.accuracy], axis=1)
        return [(float(a), float(b)) for a, b in found / len(seeds)]

    return search(runs, measure, parameters.tuning_moves)
