"""Claims about parameters and bytes."""

from collections.abc import Iterator

from rankscope.evidence.claims import FULL_TEXT, RECALLED, Definition, claim, unreached
from rankscope.evidence.region import within
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample, exact

PAPER = "Hu et al., arXiv 2106.09685"
GPT3 = {"model": "gpt3-175b", "rank": 4, "targets": "query-value"}
MILLIONS = {
    ("roberta-base", 8): (0.3, 0.05),
    ("roberta-large", 8): (0.8, 0.05),
    ("deberta-xxl", 16): (4.7, 0.05),
    ("gpt2-medium", 4): (0.35, 0.005),
    ("gpt2-large", 4): (0.77, 0.005),
    ("gpt3-175b", 1): (4.7, 0.05),
    ("gpt3-175b", 8): (37.7, 0.05),
}
"""Trained parameters as the paper's tables 2 to 4 print them, and half a unit of rounding."""
ONE_MATRIX = {key: -printed / 2 / half_unit for key, (printed, half_unit) in MILLIONS.items()}
"""How far half of the printed number is from it."""
ROUGHLY = 'within ten percent, how the paper\'s "roughly" is read'

MEMORY = (
    Definition(name="weights, moments"),
    Definition(name="weights, moments, gradients"),
    Definition(name="mixed precision"),
)
"""What memory may hold; activations are left out."""


def _is_printed(point: Point) -> bool:
    return point.targets == "query-value" and (point.model, point.rank) in MILLIONS


@claim(
    "I: printed parameters",
    "The numbers of trained parameters in the paper's tables follow from the models' shapes, "
    "{accepted} in units of half the last digit printed.",
    accepted=within(1, why="the rounding of a printed number"),
    estimate="enumerated minus printed, in these units",
    scope="query and value matrices, rank as stated for each model",
    source=f"{PAPER}, tables 2 to 4",
    basis=RECALLED,
    figure="accounting",
    null="one matrix of each block in place of two",
)
def printed(results: Results) -> Iterator[Sample]:
    """Enumerated number of trained parameters minus the printed one."""
    for point in results.where(_is_printed):
        key = point.model, point.rank
        millions, half_unit = MILLIONS[key]
        trained = 1e-6 * float(point.measured.trained_parameters[0])
        yield Sample(point, exact((trained - millions) / half_unit), chance=ONE_MATRIX[key])


@claim(
    "I: 10,000 times fewer parameters",
    "The adapter of GPT-3 has roughly 10,000 times fewer parameters: {accepted} of them.",
    accepted=within(1000, of=10000, why=ROUGHLY),
    estimate="parameters of model over adapter",
    scope="rank 4, query and value",
    source=f"{PAPER}, section 4.2",
    basis=FULL_TEXT,
    figure="accounting",
    null="all weights are trained",
    chance=1.0,
    headline=True,
)
def ten_thousand(results: Results) -> Iterator[Sample]:
    """Parameters of GPT-3 over those of its adapter."""
    for point in results.where(**GPT3):
        yield Sample(point, exact(point.measured.reduction[0]))


@claim(
    "I: checkpoint of 35 MB",
    "The checkpoint of GPT-3's adapter has roughly 35 MB, {accepted}.",
    accepted=within(3.5, of=35, why=ROUGHLY),
    estimate="megabytes",
    scope="rank 4, query and value, half precision",
    source=f"{PAPER}, section 4.2",
    basis=FULL_TEXT,
    figure="accounting",
    null="the checkpoint of all weights",
    chance=350e3,
)
def checkpoint(results: Results) -> Iterator[Sample]:
    """Size of the adapter's checkpoint in megabytes."""
    for point in results.where(**GPT3):
        yield Sample(point, exact(point.measured.checkpoint[0]))


@claim(
    "I: 3 times less memory",
    "Training the adapter of GPT-3 takes a third of the memory: the ratio is {accepted}.",
    accepted=within(0.3, of=3, why=ROUGHLY),
    estimate="memory of full over adapter training",
    scope="rank 4, query and value; no activations; the paper does not say what memory holds",
    source=f"{PAPER}, abstract and section 4.2",
    basis=FULL_TEXT,
    figure="accounting",
    null="all weights are trained",
    chance=1.0,
    definitions=MEMORY,
)
def three_times(results: Results, memory: Definition) -> Iterator[Sample]:
    """Memory of full training over adapter training."""
    for point in results.where(**GPT3):
        yield Sample(point, exact(point.measured.memory_ratio.sel(memory=memory.name)[0]))


speed = unreached(
    "Z: a quarter faster",
    "Training GPT-3 with LoRA is 25 percent faster than full fine-tuning.",
    scope="out of reach here: needs GPT-3 175B and its hardware",
    source=f"{PAPER}, section 4.2",
    basis=FULL_TEXT,
)
