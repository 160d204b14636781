"""Claims on counts of parameters, and on the paper's own tables."""

from collections.abc import Iterator

from rankscope.evidence.claims import FULL_TEXT, claim, unreached
from rankscope.evidence.region import percent, within
from rankscope.evidence.results import Results
from rankscope.evidence.samples import Sample, exact

PAPER = "Albert et al., arXiv 2502.00987"
WIDTH = 768
"""Of ViT-B."""
VIT_B_BLOCK = ((3 * WIDTH, WIDTH), (WIDTH, WIDTH), (4 * WIDTH, WIDTH), (WIDTH, 4 * WIDTH))
"""Shapes of a block: query, key and value in one, output, and both of the MLP."""
AVERAGES = {"LoRA-32": (83.74, 82.2), "RandLoRA-6": (85.98, 84.4)}
"""In percent of accuracy, of tables 2 and 11."""


@claim(
    "F: equal parameters on one matrix",
    "RandLoRA-6 and LoRA-32 train equally many numbers on a square matrix of width 768, "
    "{accepted}.",
    accepted=percent(5, why="the paper calls equal what is equal to two digits"),
    estimate="RandLoRA's over LoRA's",
    scope="one query, key, value or output matrix",
    source=f"{PAPER}, tables 2 and 11, whose match is per block",
    basis=FULL_TEXT,
)
def equal_budget(results: Results) -> Iterator[Sample]:
    """RandLoRA-6 over LoRA-32 on one square matrix."""
    for point in results.where(rank=6, other_rank=32, rows=WIDTH, columns=WIDTH):
        yield Sample(point, exact(point.measured.parameter_ratio[0]))


@claim(
    "F: equal parameters on a block",
    "RandLoRA-6 and LoRA-32 train equally many numbers on a ViT-B block, {accepted}.",
    accepted=percent(5, why="the paper calls equal what is equal to two digits"),
    estimate="RandLoRA's over LoRA's",
    scope="fused query-key-value, output and both MLP matrices",
    source=f"{PAPER}, tables 2 and 11",
    basis=FULL_TEXT,
)
def equal_budget_per_block(results: Results) -> Iterator[Sample]:
    """RandLoRA-6, which counts the smaller side alone, over LoRA-32 on the four matrices."""
    for point in results.where(rank=6, other_rank=32, rows=WIDTH, columns=WIDTH):
        lora = sum(32 * (rows + columns) for rows, columns in VIT_B_BLOCK)
        randlora = len(VIT_B_BLOCK) * point.measured.trained_parameters[0]
        yield Sample(point, exact(randlora / lora))


@claim(
    "F: tables 2 and 11 agree",
    "The averages of CLIP ViT-B/32 in tables 2 and 11 are the same, {accepted} points.",
    accepted=within(0.1, why="table 11 is printed to one digit"),
    estimate="table 2 minus table 11, in percent of accuracy",
    scope="the paper's own numbers, 22 data sets, all training data",
    source=f"{PAPER}, tables 2 and 11",
    basis=FULL_TEXT,
)
def tables_agree(results: Results) -> Iterator[Sample]:
    """Averages of table 2 minus those of table 11 for the same method and model."""
    for name, (table_2, table_11) in AVERAGES.items():
        yield Sample(name, exact(table_2 - table_11))


training_time = unreached(
    "Z: slower training",
    "RandLoRA trains 13 to 67 percent slower than full fine-tuning or LoRA, up to 212 percent at "
    "rank 15.",
    scope="out of reach here: needs the paper's models and hardware",
    source=f"{PAPER}, table 10",
    basis=FULL_TEXT,
)
