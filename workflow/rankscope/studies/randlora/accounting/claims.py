"""Claims on counts of parameters."""

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


@claim(
    "F: equal parameters on a block",
    "RandLoRA-6 and LoRA-32 train equally many numbers on a ViT-B block, {accepted}.",
    accepted=percent(5, why="the paper calls equal what is equal to two digits"),
    estimate="RandLoRA's over LoRA's",
    scope="fused query-key-value, output and both MLP matrices",
    source=f"{PAPER}, tables 2 and 11",
    basis=FULL_TEXT,
    null="a match on each square matrix alone, on a block",
    chance=0.5,
)
def equal_budget_per_block(results: Results) -> Iterator[Sample]:
    """RandLoRA-6, which counts the smaller side alone, over LoRA-32 on the four matrices."""
    lora = sum(32 * (rows + columns) for rows, columns in VIT_B_BLOCK)
    for point in results.where(rank=6, other_rank=32, rows=WIDTH, columns=WIDTH):
        randlora = len(VIT_B_BLOCK) * point.measured.trained_parameters[0]
        yield Sample(point, exact(randlora / lora))


@claim(
    "F: unequal parameters on a square matrix",
    "On one square matrix of width 768 RandLoRA-6 trains twice the numbers of LoRA-32, {accepted}.",
    accepted=within(0.1, of=2, why="a block's other sides are three to four times longer"),
    estimate="RandLoRA's over LoRA's",
    scope="one query, key, value or output matrix",
    null="equal parameters",
    chance=1.0,
)
def budget_per_matrix(results: Results) -> Iterator[Sample]:
    """RandLoRA-6 over LoRA-32 on one square matrix."""
    for point in results.where(rank=6, other_rank=32, rows=WIDTH, columns=WIDTH):
        lora = point.measured.lora_parameters[0]
        yield Sample(point, exact(point.measured.trained_parameters[0] / lora))


training_time = unreached(
    "Z: slower training",
    "RandLoRA trains 13 to 67 percent slower than full fine-tuning or LoRA, up to 212 percent at "
    "rank 15.",
    scope="out of reach here: needs the paper's models and hardware",
    source=f"{PAPER}, table 10",
    basis=FULL_TEXT,
)
