"""Claims about steps confined to few directions, or to the rest."""

from collections.abc import Iterator

import numpy as np

from rankscope.evidence.claims import ABSTRACT, claim
from rankscope.evidence.region import at_least, at_most
from rankscope.evidence.results import Family, Results
from rankscope.evidence.samples import Sample, ratio_of_means
from rankscope.studies.trained_networks.parameters import CURVATURE_SAMPLES
from rankscope.studies.trained_networks.selection import end

CONFINED = "Song, Ahn and Yun, arXiv 2405.16002, abstract"
CONFINED_SCOPE = (
    f"SGD; leading eigenvectors of the Gauss-Newton matrix of {CURVATURE_SAMPLES} images or nearly "
    "so many, or random directions, every third step; points that the grid confines, in the "
    "default one: ReLU, depth 2, width 64, 4 classes, 600 steps"
)


@claim(
    "confined: dominant-only training",
    "Once steps are confined to the k leading eigenvectors, the logarithm of the training loss "
    "falls {accepted} times as much as in free training.",
    accepted=at_most(0.2, why="does not decrease further: a fifth, for what is left of the noise"),
    estimate="fall of the mean log loss from the switch to the end, confined over free",
    null="free training",
    chance=1.0,
    scope=CONFINED_SCOPE,
    source=CONFINED,
    basis=ABSTRACT,
    figure="confined_training",
    over="labels",
    headline=True,
)
def dominant_only(results: Results) -> Iterator[Sample]:
    """Divide the falls of independent networks."""
    yield from _falls(results, "dominant")


@claim(
    "confined: bulk-only training",
    "Once steps have lost their part in the k leading eigenvectors, the logarithm of the training "
    "loss falls {accepted} times as much as in free training.",
    accepted=at_least(0.8, why="as effective: but for a fifth, as is allowed above"),
    estimate="fall of the mean log loss from the switch to the end, confined over free",
    null="no further fall",
    chance=0.0,
    scope=CONFINED_SCOPE,
    source=CONFINED,
    basis=ABSTRACT,
    figure="confined_training",
    over="labels",
    targets={"holds": 1.0, "fails": 0.4},
    headline=True,
)
def bulk_only(results: Results) -> Iterator[Sample]:
    """Divide the falls of independent networks."""
    yield from _falls(results, "bulk")


@claim(
    "confined: random directions",
    "Once steps are confined to k random directions, the logarithm of the training loss falls "
    "{accepted} times as much as in free training.",
    accepted=at_most(
        0.05,
        why="a step is left with k / p of the squared gradient, 0.0005 here: a hundred times that, "
        "as the slope is steepest at the switch and stays so where nothing moves",
    ),
    estimate="fall of the mean log loss from the switch to the end, confined over free",
    null="free training",
    chance=1.0,
    scope=CONFINED_SCOPE,
    figure="confined_training",
)
def random_only(results: Results) -> Iterator[Sample]:
    """Divide the falls of independent networks."""
    yield from _falls(results, "random")


def _falls(results: Results, part: str) -> Iterator[Sample]:
    for free, confined in results.pairs("steps_in", "all", part):
        falls = []
        for point in (confined, free):
            loss = np.log(point.measured.training_loss)
            falls.append(loss.sel(step=point.switch_step) - end(loss))
        pair = Family("steps_in", (free, confined))
        yield Sample(pair, ratio_of_means(*falls), part)
