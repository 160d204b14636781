"""Claims on adapters trained towards a known update, and the paper's that need GPT-3."""

from collections.abc import Iterator

import xarray as xr

from rankscope.evidence.claims import FULL_TEXT, claim, unreached
from rankscope.evidence.region import at_least, at_most, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample

PAPER = "Hu et al., arXiv 2106.09685"
HUNDREDTH = "a hundredth of the target's energy: below what any probe of an adapter resolves"


def no_update(best: xr.DataArray) -> float:
    """Return how far no update is from the best error."""
    return float(1 - best.mean())


def largest_distance(errors: xr.DataArray, tail: xr.DataArray) -> xr.DataArray:
    """Return the largest distance over the directions kept, per replicate."""
    return abs(errors - tail).max("kept")


@claim(
    "A: training reaches the optimum",
    "An adapter trained with SGD or Adam ends at the error of the best update of its rank, "
    "{accepted} of the target's energy, for isotropic and anisotropic inputs.",
    accepted=within(0.01, why=HUNDREDTH),
    estimate="trained minus least squared output error, per energy of the target",
    scope="planted updates, fresh minibatches without noise",
    null="no update",
    figure="optimum",
    over="learning_rate",
)
def reaches_optimum(results: Results) -> Iterator[Sample]:
    """Trained error minus the least error of any update of that rank."""
    for point in results:
        best = point.measured.best_error
        yield Sample(point, point.measured.trained_error - best, chance=no_update(best))


@claim(
    "A: Eckart and Young",
    "With isotropic inputs the trained error is the tail of the target's squared singular "
    "values, {accepted}.",
    accepted=within(0.01, why=HUNDREDTH),
    estimate="trained error minus tail energy",
    scope="planted updates, isotropic inputs",
    null="no update",
    figure="optimum",
    over="learning_rate",
    headline=True,
)
def known_optimum(results: Results) -> Iterator[Sample]:
    """Trained error minus Eckart and Young's, from the spectrum alone."""
    for point in results.where(input_decay=0.0):
        best = point.predicted.best_error
        yield Sample(point, point.measured.trained_error - best, chance=no_update(best))


@claim(
    "A: the optimum weighs the inputs",
    "With anisotropic inputs the optimum is not the truncated singular value decomposition of the "
    "true update: of the error between the two, training saves {accepted}.",
    accepted=at_least(0.9, why="a tenth is left to training that ends after finitely many steps"),
    estimate="share saved of the error between the truncated decomposition and the optimum",
    scope="input decay above 0, rank below the target's",
    null="the truncated decomposition",
    chance=0.0,
    figure="optimum",
    over="learning_rate",
    targets={"holds": 0.99, "fails": 0.5},
)
def weighs_inputs(results: Results) -> Iterator[Sample]:
    """Error of the truncated SVD minus the trained one, over the same minus the least one."""
    for point in results.where(lambda p: p.input_decay > 0 and p.rank < p.teacher_rank):
        truncated = point.measured.weight_optimum_error
        saved = truncated - point.measured.trained_error
        yield Sample(point, saved / (truncated - point.measured.best_error))


@claim(
    "A: truncation",
    "Cutting the trained update to its leading directions costs what Eckart and Young say, "
    "the largest difference over ranks being {accepted}.",
    accepted=at_most(0.02, why="twice a hundredth: both the cut and the whole update may err"),
    estimate="largest difference over the kept ranks",
    scope="planted updates, isotropic inputs",
    null="no update",
    figure="truncation",
    over="learning_rate",
)
def truncation(results: Results) -> Iterator[Sample]:
    """Largest difference over kept directions of the cut update's error and the optimum."""
    for point in results.where(input_decay=0.0):
        tail = point.predicted.truncation_error
        gap = largest_distance(point.measured.truncation_error, tail)
        yield Sample(point, gap, chance=no_update(tail.min()))


_GPT3 = "out of reach here: needs GPT-3 175B; the study language_model asks it of a small model"

low_rank_suffices = unreached(
    "Z: a very low rank suffices on GPT-3",
    "On WikiSQL and MNLI a rank of 1 or 2 does as well as 64 for query and value matrices.",
    scope=_GPT3,
    source=f"{PAPER}, table 6",
    basis=FULL_TEXT,
)
which_matrices = unreached(
    "Z: which matrices to adapt",
    "At 18 million parameters adapting query and value together does best.",
    scope=_GPT3,
    source=f"{PAPER}, table 5",
    basis=FULL_TEXT,
)
full_fine_tuning = unreached(
    "Z: on par with full fine-tuning",
    "LoRA performs on par with or better than full fine-tuning on RoBERTa, DeBERTa, GPT-2 and "
    "GPT-3.",
    scope="out of reach here: needs these models and their tasks",
    source=f"{PAPER}, tables 2 to 4",
    basis=FULL_TEXT,
)
