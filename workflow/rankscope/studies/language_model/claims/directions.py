"""Claims about directions that two updates share: LoRA's figures 3 and 4."""

from collections.abc import Iterator

import xarray as xr

from rankscope.evidence.claims import FULL_TEXT, claim
from rankscope.evidence.region import at_least
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample
from rankscope.studies.language_model.claims.accuracy import LORA
from rankscope.studies.language_model.selection import own_matrices

SAME_SEED, OTHER_SEED = "two ranks, same seed", "two ranks, other seed"
TWO_SEEDS = "largest rank, two seeds"
LEADING = 8

SHARED = at_least(0.5, why='LoRA, figure 3: "normalized subspace similarity > 0.5"')
MORE = at_least(0.05, why="a twentieth of full overlap is the least that figure 4's shades show")
MADE_FOR = {
    "estimate": "phi of the factors A",
    "scope": "query and value matrices of the adapted layers (the paper's model has 96 layers); "
    "tested where runs on shuffled labels, shuffled for each anew, do not do as much",
    "basis": FULL_TEXT,
    "null": "the same pair of runs on shuffled labels",
    "figure": "similarity",
}


def phi(point: Point, pair: str, matrix: str, leading: int) -> xr.DataArray:
    """Return ``phi(i, i)`` of the factors A of a pair at ``i = leading``."""
    return point.measured.phi.sel(pair=pair, matrix=matrix, direction=leading)


def shuffled(point: Point, pair: str, matrix: str, leading: int) -> xr.DataArray:
    """Return the same of a pair of runs that had no task in common, but all else."""
    return point.measured.phi_shuffled.sel(pair=pair, matrix=matrix, direction=leading)


def first_direction(results: Results, pair: str) -> Iterator[Sample]:
    """Measure ``phi(1, 1)`` of a pair where a point has it, in query and value matrices."""
    for point in results.where(lambda point: pair in point.measured.pair):
        for name in own_matrices(point, "qv"):
            chance = float(shuffled(point, pair, name, 1).mean())
            if chance < SHARED.lower:
                yield Sample(point, phi(point, pair, name, 1), name, chance=chance)


@claim(
    "LoRA 6: two ranks share their first direction (same seed)",
    "The leading directions of A at the smallest rank above 1 and at the largest rank overlap "
    "with phi(1, 1) {accepted} when both runs share head and data order.",
    accepted=SHARED,
    source=f"{LORA}, section 7.2, figure 3 (it does not say whether seeds were shared)",
    **MADE_FOR,
)
def same_seed(results: Results) -> Iterator[Sample]:
    """Measure phi(1, 1) of two ranks that share head and data order."""
    return first_direction(results, SAME_SEED)


@claim(
    "LoRA 7: two ranks share their first direction (other seed)",
    "With another head and another data order, the leading directions of A at the two ranks "
    "overlap with phi(1, 1) {accepted}.",
    accepted=SHARED,
    source=f"{LORA}, section 7.2, figure 3, with the control that it lacks",
    **MADE_FOR,
)
def other_seed(results: Results) -> Iterator[Sample]:
    """Measure phi(1, 1) of two ranks from two seeds."""
    return first_direction(results, OTHER_SEED)


@claim(
    "LoRA 8: two seeds share more directions in W_q than in W_v",
    "Between two seeds at the largest rank, phi(8, 8) of W_q minus that of W_v is {accepted}.",
    accepted=MORE,
    source=f"{LORA}, section 7.2, figure 4",
    chance=0.0,
    **MADE_FOR | {"estimate": "phi(8, 8) of W_q minus that of W_v", "null": "no difference"},
)
def query_shares_more(results: Results) -> Iterator[Sample]:
    """Compare phi(8, 8) of two seeds between query and value, layer by layer."""
    for point in results.where(lambda point: TWO_SEEDS in point.measured.pair):
        for query in own_matrices(point, "q"):
            for value in set(own_matrices(point, "v")) & {query.replace("q", "v")}:
                more = phi(point, TWO_SEEDS, query, LEADING) - phi(point, TWO_SEEDS, value, LEADING)
                yield Sample(point, more, f"{query} - {value}")


@claim(
    "LoRA 9: two seeds share directions",
    "Between two seeds at the largest rank, phi(8, 8) minus that of the same runs on shuffled "
    "labels is {accepted}.",
    accepted=MORE,
    source=f"{LORA}, section 7.2, figure 4 (beside directions at random)",
    chance=0.0,
    **MADE_FOR | {"estimate": "phi(8, 8) minus its null, paired over replicates"},
)
def more_than_chance(results: Results) -> Iterator[Sample]:
    """Compare phi(8, 8) of two seeds with that on shuffled labels."""
    for point in results.where(lambda point: TWO_SEEDS in point.measured.pair):
        for name in own_matrices(point, "qv"):
            pair = point, TWO_SEEDS, name, LEADING
            yield Sample(point, phi(*pair) - shuffled(*pair), name)
