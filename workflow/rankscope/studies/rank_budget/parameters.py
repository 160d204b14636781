"""Parameters of a point: those of `language_model`, and from how many texts ranks are said."""

import dataclasses
import math
from collections.abc import Sequence

from rankscope.planning.parameters import Cost, require, whole
from rankscope.studies.language_model import parameters as language_model
from rankscope.studies.language_model.parameters import OPERATIONS, Run

KEPT = (0, 1, 2, 4, 8, 16, 32, 64)
"""Leading directions that one matrix's update is cut to; the whole comes after."""
KEPT_SHARE = 0.9
"""Share of a matrix's gain that its rank is to keep."""
NULL_DRAWS = 3
"""Draws of random output gradients whose largest eigenvalue is the edge."""

PREDICTORS = (
    "outliers of G",
    "outliers of the gradient",
    "stable rank of the gradient",
    "effective dimension",
)
"""What is known before training and might say the rank.

Eigenvalues of the gradients' second moment above the task null's edge; singular values of the mean
gradient above its; the mean gradient's stable rank; the participation ratio of the covariance of
the matrix's inputs.
"""
CLASSES = "classes less one"
MEASURED = "measured rank"
"""The rank found after training, which no one has before: a control."""
SAID = (*PREDICTORS, CLASSES, MEASURED)
ALLOTTED = (PREDICTORS[0], *PREDICTORS[2:], MEASURED)
"""What ranks are allotted by."""
SOURCES = PREDICTORS[:2]
"""The predictors that have directions too; ranks of the first are also allotted in reverse."""
REVERSED = f"{PREDICTORS[0]}, reversed"
"""The matrix that the first predictor gives most gets least."""
SIDES = ("left", "right")


def needed_rank(kept: Sequence[int], losses: Sequence[float]) -> float:
    """Return the least rank that keeps `KEPT_SHARE` of a gain, at least 1.

    Between two ranks that were tried the kept share is taken to be linear in the rank's logarithm.

    Args:
        kept: ranks from 0 upwards, then the whole.
        losses: at these.

    Returns:
        ``nan`` where the whole gains nothing over rank 0.
    """
    gain = losses[0] - losses[-1]
    if not gain > 0:
        return math.nan
    shares = [(losses[0] - loss) / gain for loss in losses]
    first = next(i for i, share in enumerate(shares) if share >= KEPT_SHARE)  # the whole keeps all
    if first == 1:
        return 1.0
    below, above = shares[first - 1 : first + 1]
    low, high = map(math.log, kept[first - 1 : first + 1])
    return math.exp(low + (KEPT_SHARE - below) / (above - below) * (high - low))


@dataclasses.dataclass(frozen=True)
class Allotted(Run):
    """LoRA whose rank differs between matrices.

    Attributes:
        ranks: of each matrix, by its name.
    """

    ranks: tuple[tuple[str, int], ...]

    def rank_of(self, matrix: str) -> int:
        """Return the rank that is given to a matrix."""
        return dict(self.ranks)[matrix]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters(language_model.Parameters):
    """Ranks said before training and needed after it, of the matrices of one model on one task.

    The runs are ``head+full+lora-r+lora-s``: ``r`` is the rank spread evenly, whose parameters
    are allotted otherwise, and ``s > r`` shows what more parameters bring.
    """

    gradient_texts: int = whole("training texts whose gradients are taken at the start", at_least=2)

    def check(self) -> None:
        """Raise ``ParameterError`` if values do not go together."""
        super().check()
        runs = self.run_list()
        alike = [run.method for run in runs] == ["head", "full", "lora", "lora"]
        require(
            alike and runs[2].rank < runs[3].rank and not any("." in run.name for run in runs),
            "runs must be head+full+lora-r+lora-s with r < s",
            self.runs,
        )
        require(self.twins == "none", "twins must be none", self.twins)
        require(
            self.gradient_texts <= self.training_texts,
            "gradient_texts must be at most training_texts",
            self.gradient_texts,
        )

    def arms(self) -> tuple[str, ...]:
        """Return the names of everything that is trained: the runs, then the allotments."""
        return (*(run.name for run in self.run_list()), *ALLOTTED, REVERSED)

    def cost(self) -> Cost:
        """Return CPU seconds of a replicate and memory.

        Beside what `language_model` counts for the runs: the allotments, which train as they do,
        the cuts of every matrix, and gradients with their nulls.
        """
        every = super().cost()
        hidden = self.architecture()["hidden_size"]
        text = 24 * self.layers * hidden**2 / OPERATIONS
        train = self.steps * 2.5 * self.batch_size * text
        cuts = len(self.matrix_names()) * len(KEPT) * self.tested_texts * text
        rows = self.gradient_texts * self.tokens
        start = 100 * self.layers * rows**2 * hidden / OPERATIONS
        return Cost(
            seconds=every.seconds + (len(ALLOTTED) + 1) * train + cuts + start,
            once_seconds=every.once_seconds,
            replicate_kb=42,
            memory_mb=every.memory_mb + 24 * rows**2 / 1e6,
        )
