"""What "effective dimension" could mean, and the points that claims are made for."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from rankscope.evidence.claims import Definition
from rankscope.evidence.results import Point


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rank(Definition):
    """One thing that "effective dimension" could mean.

    Attributes:
        variable: the measured variable.
        tolerance: which one to take, where the variable has several; 0 where it has not.
        counts: whether it counts singular values, and so is a whole number.
        centred: whether it is of the batch minus its mean, which costs a direction.
    """

    variable: str
    tolerance: float = 0.0
    counts: bool = False
    centred: bool = False

    def measured(self, point: Point) -> bool:
        """Say whether the point has it; some take more decompositions than others."""
        return self.variable in point.measured

    def curves(self, point: Point) -> np.ndarray:
        """Return its values in units of m, shape ``(replicate, layer)``."""
        found = point.measured[self.variable]
        if self.tolerance:
            # a mapping, for the keyword of this name is another one of sel
            found = found.sel({"tolerance": self.tolerance})
        return np.asarray(found, dtype=float) / point.batch_size

    def most(self, point: Point) -> float:
        """Return the largest value that it can have, in units of m."""
        return min(point.width, point.batch_size - self.centred) / float(point.batch_size)

    def step(self, point: Point) -> float:
        """Return the resolution of its scale: 1 / m if it is a whole number over m."""
        return 1 / point.batch_size if self.counts else 0.0


EXACT = Rank(name="exact rank", variable="exact_rank", counts=True)
AT_A_TENTH = Rank(name="rank at 0.1", variable="numerical_rank", tolerance=1e-1, counts=True)
AT_A_HUNDREDTH = Rank(name="rank at 0.01", variable="numerical_rank", tolerance=1e-2, counts=True)
EFFECTIVE = Rank(name="effective rank (singular values)", variable="effective_rank")
STABLE = Rank(name="stable rank", variable="stable_rank")
DEFINITIONS = (
    EXACT,
    Rank(name="float32 rank", variable="float32_rank", counts=True),
    Rank(name="rank at 0.001", variable="numerical_rank", tolerance=1e-3, counts=True),
    AT_A_HUNDREDTH,
    AT_A_TENTH,
    EFFECTIVE,
    Rank(name="effective rank (eigenvalues)", variable="effective_rank_of_eigenvalues"),
    Rank(name="participation ratio", variable="participation_ratio"),
    STABLE,
    Rank(name="rank at absolute 0.1", variable="absolute_rank", counts=True),
    Rank(name="centred rank", variable="centred_rank", counts=True, centred=True),
    Rank(
        name="centred rank at 0.01",
        variable="centred_numerical_rank",
        tolerance=1e-2,
        counts=True,
        centred=True,
    ),
    Rank(
        name="centred rank at 0.1",
        variable="centred_numerical_rank",
        tolerance=1e-1,
        counts=True,
        centred=True,
    ),
    Rank(name="centred effective rank", variable="centred_effective_rank", centred=True),
    Rank(name="centred participation ratio", variable="centred_participation_ratio", centred=True),
    Rank(
        name="raw centred participation ratio",
        variable="raw_centred_participation_ratio",
        centred=True,
    ),
    Rank(name="gate rank", variable="gate_rank", counts=True),
    Rank(name="gate rank at 0.1", variable="gate_numerical_rank", counts=True),
    Rank(name="rank of pre-activations", variable="preactivation_rank", counts=True),
    Rank(
        name="participation ratio of pre-activations",
        variable="preactivation_participation_ratio",
    ),
    Rank(name="Jacobian rank", variable="jacobian_rank", counts=True),
    Rank(name="Jacobian participation ratio", variable="jacobian_participation_ratio"),
)

COUNTS = tuple(rank for rank in DEFINITIONS if rank.counts)
"""Those that count directions, so that "full rank" has a meaning."""

SOURCE = "Makwana, arXiv 2507.07675, abstract"
REDUCED = {"sampler": "reduced"}
"""Points with explicit weights repeat others, and are looked at by tests alone."""
PAPER = {"initialisation": "gaussian", "negative_slope": 0.0, "bias_variance": 0.0, **REDUCED}
"""The abstract's networks: ReLU, Gaussian weights, no bias."""


FEWEST = 8
"""Fewest networks from which a spread is estimated, or half of which choose for the others."""


def large(point: Point) -> bool:
    """Say whether the batch is so large that 0.02 m is a direction, m >= 50."""
    return bool(point.batch_size >= 50)


def wide(point: Point) -> bool:
    """Say whether the network is at least as wide as a large batch, n >= m >= 50."""
    return bool(point.width >= point.batch_size) and large(point)


def at_layers(points: Iterable[Point], layers: Sequence[int]) -> Iterator[tuple[Point, int]]:
    """Yield every point with each of the registered layers that it has."""
    return ((point, layer) for point in points for layer in layers if layer <= point.depth)
