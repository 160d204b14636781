"""Claims about directions that two updates share: LoRA's figures 3 and 4."""

import numpy as np
import xarray as xr

from rankscope.studies.language_model import claims_tools as tools
from rankscope.studies.language_model.claims_accuracy import LORA
from rankscope.evidence.verdicts import Claim, Evidence

SAME, OTHER, SEEDS, FULL = (
    "two ranks, same seed",
    "two ranks, other seed",
    "largest rank, two seeds",
    "full, two seeds",
)
SHARED = 0.5  # figure 3: "normalized subspace similarity > 0.5"
LEADING = 8
# At 64 directions of 384 one draw of random frames is within 2 % of its mean.
MANY, RANDOM_TOLERANCE = 64, 0.05
SCOPE = "query and value matrices of the adapted layers; the paper's model has 96 layers"


def same_seed(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Measure phi(1, 1) of two ranks that share head and data order."""
    return _first(simulated, predicted, SAME)


def other_seed(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Measure phi(1, 1) of two ranks from two seeds."""
    return _first(simulated, predicted, OTHER)


def query_shares_more(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare phi(8, 8) of two seeds between query and value, layer by layer."""
    samples = []
    for point in tools.points(simulated):
        for query in point.letters("q"):
            value = f"{query[:-1]}v"
            if value in point.matrices:
                phi = [_phi(point, SEEDS, name, LEADING) for name in (query, value)]
                samples.append((point.label(f"{query} - {value}"), phi[0] - phi[1]))
    return tools.from_samples(samples, 0.0, np.inf, null=0.0)


def more_than_chance(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare phi(8, 8) of two seeds with that of random directions."""
    samples = []
    for index, point in enumerate(tools.points(simulated)):
        for name in point.letters("qv"):
            null = _null(predicted, index, point, name, LEADING)
            samples.append((point.label(name), _phi(point, SEEDS, name, LEADING) - null))
    return tools.from_samples(samples, 0.0, np.inf, null=0.0)


def random_is_chance(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare phi(64, 64) of random frames with the closed form, over all matrices."""
    samples = []
    for index, point in enumerate(tools.points(simulated)):
        ratios = [
            _phi(point, "random", name, MANY) / _null(predicted, index, point, name, MANY)
            for name in point.matrices
        ]
        samples.append((point.label("all matrices"), np.mean(ratios, axis=0)))
    return tools.from_samples(samples, 1 - RANDOM_TOLERANCE, 1 + RANDOM_TOLERANCE, null=1.0)


def _first(simulated: xr.Dataset, predicted: xr.Dataset, pair: str) -> Evidence:
    samples, nulls = [], []
    for index, point in enumerate(tools.points(simulated)):
        for name in point.letters("qv"):
            samples.append((point.label(name), _phi(point, pair, name, 1)))
            nulls.append(_null(predicted, index, point, name, 1))
    return tools.from_samples(samples, SHARED, np.inf, null=nulls)


def _phi(point: tools.Point, pair: str, matrix: str, leading: int) -> np.ndarray:
    side = point.data.phi.sel(pair=pair, side="A", phi_i=leading, phi_j=leading)
    return point.matrix(side, matrix).values


def _null(
    predicted: xr.Dataset, index: int, point: tools.Point, matrix: str, leading: int
) -> float:
    null = predicted.phi_null.isel(point=index) if "point" in predicted.phi_null.dims else None
    null = predicted.phi_null if null is None else null
    return float(point.matrix(null.sel(side="A", phi_i=leading, phi_j=leading), matrix))


def _claim(name: str, statement: str, evidence: object, **other: str) -> Claim:
    fixed = {
        "basis": "full text",
        "source": f"{LORA}, section 7.2",
        "figure": "similarity",
        "estimate": "phi of the factors A",
        "null": "random directions, max(i, j) / d",
        "scope": SCOPE,
    }
    return Claim(name=name, statement=statement, evidence=evidence, **(fixed | other))


CLAIMS = (
    _claim(
        "LoRA 6: two ranks share their first direction (same seed)",
        "The leading directions of A at the smallest rank above 1 and at the largest rank "
        "overlap with phi(1, 1) > 0.5 when both runs share head and data order.",
        same_seed,
        source=f"{LORA}, figure 3 (the paper does not say whether seeds were shared)",
    ),
    _claim(
        "LoRA 7: two ranks share their first direction (other seed)",
        "The same with another head and another data order.",
        other_seed,
        source=f"{LORA}, figure 3, with the control that it lacks",
    ),
    _claim(
        "LoRA 8: two seeds share more directions in W_q than in W_v",
        "Between two seeds at the largest rank, phi(8, 8) is larger for W_q than for W_v.",
        query_shares_more,
        source=f"{LORA}, figure 4",
        estimate="phi(8, 8) of W_q minus that of W_v",
        null="no difference",
    ),
    _claim(
        "LoRA 9: two seeds share directions",
        "Between two seeds at the largest rank, phi(8, 8) is above that of random directions.",
        more_than_chance,
        source=f"{LORA}, figure 4",
        estimate="phi(8, 8) minus its null",
    ),
    _claim(
        "Derived 2: random adapters share what the closed form says",
        "Between uniformly random directions phi(64, 64) is 64 / d to within a twentieth.",
        random_is_chance,
        source="derived here",
        basis="derived here",
        estimate="phi(64, 64) over its null, mean over matrices",
        null="1",
        scope="all matrices",
    ),
)
