"""The search for learning rates, of body and head, the same for every run."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from rankscope.studies.language_model.parameters import SIDE_BY_SIDE, Parameters, Run
from rankscope.studies.language_model.simulation import training
from rankscope.studies.language_model.simulation.training import Data, Setting

Place = tuple[int, int]
"""Steps of the search from where it starts, of the body's rate and of the head's."""


@dataclasses.dataclass(frozen=True)
class Search:
    """What a run was tried with.

    Attributes:
        tried: loss and accuracy on the validation texts of each tuning seed, shape
            ``(seed, 2)``, by place, in the order tried.
        inside: whether all neighbours of the best place were tried.
    """

    tried: Mapping[Place, np.ndarray]
    inside: bool

    def best(self, seeds: Sequence[int] | slice = slice(None)) -> Place:
        """Return the place of least mean loss over some of the tuning seeds."""
        return _best(self.tried, seeds)


def _best(tried: Mapping[Place, np.ndarray], seeds: Sequence[int] | slice) -> Place:
    losses = {place: found[seeds, 0].mean() for place, found in tried.items()}
    return min(losses, key=lambda place: np.nan_to_num(losses[place], nan=np.inf))


def redrawn(generator: np.random.Generator, count: int) -> list[int]:
    """Draw tuning seeds with replacement, by which one replicate chooses its rates.

    One fewer than there are: a mean over ``n - 1`` draws has the variance that ``s^2 / n``
    estimates, one over ``n`` draws less (Rao and Wu, J. Am. Stat. Assoc. 83, 1988).
    """
    return [int(seed) for seed in generator.integers(count, size=max(1, count - 1))]


def search(
    runs: Sequence[Run],
    measure: Callable[[list[tuple[Run, Place]]], Iterable[np.ndarray]],
    moves: int,
) -> dict[str, Search]:
    """Try the neighbours of each run's best rates until none of them is better.

    The loss decides rather than the accuracy: on some hundred texts accuracies of neighbouring
    rates differ by a text or two.

    Args:
        runs: what to search for; ``head`` has no body.
        measure: loss and accuracy of runs at places, each of shape ``(seed, 2)``.
        moves: how often the best place of a run may move.
    """
    tried: dict[str, dict[Place, np.ndarray]] = {run.name: {} for run in runs}
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
        best = {name: _best(found, slice(None)) for name, found in tried.items()}
    return {
        run.name: Search(
            tried[run.name],
            inside=all(place in tried[run.name] for place in _cross(run, best[run.name])),
        )
        for run in runs
    }


def _cross(run: Run, place: Place) -> list[Place]:
    body, head = place
    around = [place, (body, head - 1), (body, head + 1)]
    return around if run.method == "head" else [*around, (body - 1, head), (body + 1, head)]


def tune(parameters: Parameters, data: Data) -> dict[str, Search]:
    """Search on the validation texts, with training runs of seeds of their own.

    Each of ``tuning_seeds`` draws training texts, their order, head and adapter; the seeds come
    from ``data_seed`` alone.
    """
    runs = parameters.run_list()
    seeds = [
        np.random.SeedSequence([parameters.data_seed, 1, number]).generate_state(2 + len(runs))
        for number in range(parameters.tuning_seeds)
    ]

    def measure(wanted: list[tuple[Run, Place]]) -> np.ndarray:
        found = np.zeros((len(wanted), len(seeds), 2))
        for number, (head, order, *adapters) in enumerate(seeds):
            own = dict(zip((run.name for run in runs), adapters, strict=True))
            settings = [
                Setting(run, *parameters.rates(run, *place), int(head), int(own[run.name]))
                for run, place in wanted
            ]
            steps = training.batches(int(order), data, parameters)
            for first in range(0, len(settings), SIDE_BY_SIDE):
                part = slice(first, first + SIDE_BY_SIDE)
                trained = training.train(settings[part], steps, data, parameters)
                tested = training.evaluate(trained, data.validation, data)
                found[part, number] = np.stack([tested.loss, tested.accuracy], axis=1)
        return found

    return search(runs, measure, parameters.tuning_moves)
