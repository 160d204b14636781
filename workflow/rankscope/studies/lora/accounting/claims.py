"""Claims about parameters and bytes."""

from collections.abc import Iterator

from rankscope.evidence.claims import FULL_TEXT, RECALLED, claim
from rankscope.evidence.region import percent, varies, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample, exact

PAPER = "Hu et al., arXiv 2106.09685"
GPT3 = {"model": "gpt3-175b", "rank": 4, "targets": "query-value"}
PRINTED_MILLIONS = {
    ("roberta-base", 8): (0.3, 0.05),
    ("roberta-large", 8): (0.8, 0.05),
    ("deberta-xxl", 16): (4.7, 0.05),
    ("gpt2-medium", 4): (0.35, 0.005),
    ("gpt2-large", 4): (0.77, 0.005),
    ("gpt3-175b", 1): (4.7, 0.05),
    ("gpt3-175b", 8): (37.7, 0.05),
}
"""Trained parameters as the paper's tables 2 to 4 print them, and half a unit of rounding."""
ROUGHLY = 'how the paper\'s "roughly" is read'


@claim(
    "I: 2 L d r parameters",
    "The enumerated factors have 2 L d r entries per adapted square matrix, and the closed forms "
    "of the other shapes, {accepted}.",
    accepted=percent(1e-10, why="rounding"),
    estimate="enumerated over closed form",
    scope="all models of the table, any rank and set of matrices",
    source=f"{PAPER}, section 4.2",
    basis=FULL_TEXT,
    figure="accounting",
)
def formula(results: Results) -> Iterator[Sample]:
    """Enumerated over closed-form number of trained parameters."""
    for point in results:
        ratio = point.measured.trained_parameters[0] / point.predicted.trained_parameters
        yield Sample(point, exact(ratio))


@claim(
    "I: printed parameters",
    "The numbers of trained parameters in the paper's tables follow from the models' shapes, "
    "{accepted}.",
    accepted=varies("to their rounding", why="half a unit of the last digit printed"),
    estimate="enumerated minus printed, in millions",
    scope="query and value matrices, rank as stated for each model",
    source=f"{PAPER}, tables 2 to 4",
    basis=RECALLED,
    figure="accounting",
)
def printed(results: Results) -> Iterator[Sample]:
    """Enumerated number of trained parameters minus the printed one, in millions."""
    for point in results.where(targets="query-value"):
        if (point.model, point.rank) in PRINTED_MILLIONS:
            millions, half_unit = PRINTED_MILLIONS[point.model, point.rank]
            trained = float(point.measured.trained_parameters[0]) / 1e6
            yield Sample(point, exact(trained - millions), accepted=within(half_unit))


@claim(
    "I: 10,000 times fewer parameters",
    "The adapter of GPT-3 has roughly 10,000 times fewer parameters: {accepted} of them.",
    accepted=within(1000, of=10000, why=f"within ten percent, {ROUGHLY}"),
    estimate="parameters of model over adapter",
    scope="rank 4, query and value",
    source=f"{PAPER}, section 4.2",
    basis=FULL_TEXT,
    figure="accounting",
)
def ten_thousand(results: Results) -> Iterator[Sample]:
    """Parameters of GPT-3 over those of its adapter."""
    for point in results.where(**GPT3):
        yield Sample(point, exact(point.measured.reduction[0]))


@claim(
    "I: checkpoint of 35 MB",
    "The checkpoint of GPT-3's adapter has roughly 35 MB, {accepted}.",
    accepted=within(3.5, of=35, why=f"within ten percent, {ROUGHLY}"),
    estimate="megabytes",
    scope="rank 4, query and value, half precision",
    source=f"{PAPER}, section 4.2",
    basis=FULL_TEXT,
    figure="accounting",
)
def checkpoint(results: Results) -> Iterator[Sample]:
    """Size of the adapter's checkpoint in megabytes."""
    for point in results.where(**GPT3):
        yield Sample(point, exact(point.measured.checkpoint[0]))


@claim(
    "I: 3 times less memory",
    "Training the adapter of GPT-3 takes a third of the memory: the ratio is {accepted}.",
    accepted=within(0.3, of=3, why=f"within ten percent, {ROUGHLY}"),
    estimate="memory of full over adapter training",
    scope="weights and two Adam moments, all in half precision, no gradients or activations",
    source=f"{PAPER}, abstract and section 4.2",
    basis=FULL_TEXT,
    figure="accounting",
)
def three_times(results: Results) -> Iterator[Sample]:
    """Memory of full training over adapter training, half precision weights and moments."""
    for point in results.where(**GPT3):
        ratio = point.measured.memory_ratio.sel(memory="weights, moments")
        yield Sample(point, exact(ratio[0]))
