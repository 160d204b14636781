"""Claims on adapters trained towards a known update, and the paper's that need GPT-3."""

from collections.abc import Iterator

from rankscope.evidence.claims import DERIVED, FULL_TEXT, HERE, claim, unreached
from rankscope.evidence.region import at_least, at_most, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample

PAPER = "Hu et al., arXiv 2106.09685"
HUNDREDTH = "a hundredth of the target's energy: below what any probe of an adapter resolves"


@claim(
    "A: training reaches the optimum",
    "An adapter trained with SGD or Adam ends at the error of the best update of its rank, "
    "{accepted} of the target's energy, for isotropic and anisotropic inputs.",
    accepted=within(0.01, why=HUNDREDTH),
    estimate="trained minus least squared output error, per energy of the target",
    scope="planted updates, fresh minibatches without noise",
    source=HERE,
    basis=DERIVED,
    null="no update",
    figure="optimum",
)
def reaches_optimum(results: Results) -> Iterator[Sample]:
    """Trained error minus the least error of any update of that rank."""
    for point in results:
        best = point.measured.best_error
        yield Sample(point, point.measured.trained_error - best, chance=float(1 - best.mean()))


@claim(
    "A: Eckart and Young",
    "With isotropic inputs the trained error is the tail of the target's squared singular "
    "values, {accepted}.",
    accepted=within(0.01, why=HUNDREDTH),
    estimate="trained error minus tail energy",
    scope="planted updates, isotropic inputs",
    source=HERE,
    basis=DERIVED,
    null="no update",
    figure="optimum",
)
def known_optimum(results: Results) -> Iterator[Sample]:
    """Trained error minus Eckart and Young's, from the spectrum alone."""
    for point in results.where(input_decay=0.0):
        best = point.predicted.best_error
        yield Sample(point, point.measured.trained_error - best, chance=float(1 - best))


@claim(
    "A: the optimum weighs the inputs",
    "With anisotropic inputs the trained adapter beats the truncated singular value "
    "decomposition of the true update: the difference of errors is {accepted}.",
    accepted=at_least(0, why="any lower error is better"),
    estimate="error of the weight-space optimum minus trained error",
    scope="input decay above 0, rank below the target's",
    source=HERE,
    basis=DERIVED,
    null="both optima are the same",
    chance=0.0,
    figure="optimum",
)
def weighs_inputs(results: Results) -> Iterator[Sample]:
    """Error of the truncated SVD in weight space minus the trained error."""
    for point in results.where(lambda p: p.input_decay > 0 and p.rank < p.teacher_rank):
        yield Sample(point, point.measured.weight_optimum_error - point.measured.trained_error)


@claim(
    "A: truncation",
    "Cutting the trained update to its leading directions costs what Eckart and Young say, "
    "the largest difference over ranks being {accepted}.",
    accepted=at_most(0.02, why="twice a hundredth: both the cut and the whole update may err"),
    estimate="largest difference over the kept ranks",
    scope="planted updates, isotropic inputs",
    source=HERE,
    basis=DERIVED,
    null="no update",
    figure="truncation",
)
def truncation(results: Results) -> Iterator[Sample]:
    """Largest difference over kept directions of the cut update's error and the optimum."""
    for point in results.where(input_decay=0.0):
        tail = point.predicted.truncation_error
        gap = abs(point.measured.truncation_error - tail).max("kept")
        yield Sample(point, gap, chance=float(1 - tail.min()))


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
