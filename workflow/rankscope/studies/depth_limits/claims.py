"""Claims about the depth at which random networks lose rank."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import Definition, claim
from rankscope.evidence.region import at_least, at_most, factor, percent
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Estimate, Sample, jackknife

LAYERS = (1, 2, 5, 10, 20, 40)
REGISTERED = "layers 1, 2, 5, 10, 20, 40"
STABLE = 1.001
"""Largest derivative of the length map at which lengths stay; 1 for homogeneous activations."""
NORMALISED = ("layer-norm", "batch-norm", "residual", "scaled-residual")
INVERSE = "mean of 1/PR over networks / predicted 1/PR"


@claim(
    "centred rank of all architectures",
    "1/PR = 1/(m - 1) + V gives the centred participation ratio {accepted}, whatever the "
    "activation and however layers are joined.",
    accepted=percent(10, why="the formula is of first order in l/n, and l/n is up to 1/8"),
    estimate=INVERSE,
    null="infinite width: PR = m - 1, at the last layer",
    scope=f"orthonormal inputs, {REGISTERED} up to n/8; without normalisation, activations whose "
    "lengths stay (ReLU, tanh); points where infinite width is off by more than 20 % at the last "
    "of these layers",
    figure="ranks_by_architecture",
    headline=True,
)
def centred_rank(results: Results) -> Iterator[Sample]:
    """Average 1/PR over networks, as the theory does."""
    for point in results.where(keeps_lengths):
        predicted = point.predicted.centred_participation_ratio
        layers = [layer for layer in LAYERS if layer <= min(point.depth, point.width // 8)]
        infinite = float(predicted.sel(layer=layers[-1])) / (point.batch_size - 1)
        for layer in layers if infinite < 0.8 else []:
            ratio = (predicted / point.measured.centred_participation_ratio).sel(layer=layer)
            yield Sample(point, ratio, f"layer {layer}", chance=infinite)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kept(Definition):
    """How much of the rank is left where it counts as lost."""

    share: float


KEPT = (
    Kept(name="3/4 kept", share=0.75),
    Kept(name="1/2 kept", share=0.5),
    Kept(name="1/4 kept", share=0.25),
    Kept(name="1/10 kept", share=0.1),
)


@claim(
    "depth at which rank is lost",
    "The centred rank has fallen to a share p of m - 1 at the layer at which "
    "V = (1/p - 1) / (m - 1), {accepted}.",
    accepted=factor(
        1.25,
        why="ten percent of 1/PR at layer n/8, and in proportion less before, as of first order "
        "in l/n, move the predicted layer by no more, which is looked up at every point",
    ),
    estimate="measured depth / predicted depth",
    null="the second layer",
    scope="networks that keep lengths, where that layer is between 3 and n/8, within half of "
    "the layers drawn, so that one far too deep would be seen, and moved by a factor of 1.25 at "
    "most if 1/PR is off by 0.8 l/n",
    figure="depths_by_share",
    definitions=KEPT,
)
def lost_depth(results: Results, kept: Kept) -> Iterator[Sample]:
    """Interpolate the mean 1/PR to the depth at which a share of the rank is left."""
    for point in results.where(keeps_lengths):
        predicted = float(point.predicted.lost_depth.sel(kept=kept.share))
        latest = min(point.width / 8, point.depth / 2)
        if 3 <= predicted <= latest and _sharp(point, kept.share, predicted):
            found = depth_of(point, kept.share, unit=predicted)
            yield Sample(point, found, chance=2 / predicted)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Normalisation(Definition):
    """What is normalised."""

    architecture: str


@claim(
    "normalisation keeps rank",
    "With features normalised over units after the activation, or pre-activations over the batch "
    "before it, the centred rank does not fall from half of the depth to the end: its ratio is "
    "{accepted}.",
    accepted=at_least(0.95, why="a twentieth; by layer 20 the slowest V is 6 % short of its limit"),
    estimate="PR at the last layer / PR at half of the depth",
    null="the plain ReLU network of the same shape",
    scope="all activations, depth 40 or more, m at most n/4",
    figure="ranks_by_architecture",
    definitions=(
        Normalisation(name="layer norm", architecture="layer-norm"),
        Normalisation(name="batch norm", architecture="batch-norm"),
    ),
)
def normalisation_keeps_rank(results: Results, norm: Normalisation) -> Iterator[Sample]:
    """Divide the participation ratio at the end by that at half of the depth."""
    chosen = results.where(
        lambda p: p.depth >= 40 and p.batch_size <= p.width / 4,
        architecture=norm.architecture,
    )
    for point in chosen:
        shape = {name: point.parameters[name] for name in ("width", "batch_size", "depth")}
        for plain in results.where(architecture="plain", activation="relu", **shape):
            chance = _kept(plain, plain.predicted.centred_participation_ratio)
            kept = _kept(point, point.measured.centred_participation_ratio)
            yield Sample(point, kept, chance=float(chance))


@claim(
    "lengths that do not stay cost rank",
    "Without normalisation, activations whose length map is unstable (GELU, SiLU) keep less of the "
    "centred rank than lengths that stay would leave: {accepted} of it at the last layer.",
    accepted=at_most(0.8, why="a fifth less: twice the room that the theory has elsewhere"),
    estimate="mean PR at the last layer / prediction for lengths that stay",
    null="lengths that stay",
    chance=1.0,
    scope="plain networks whose length map has a derivative above 1.01, depth 40 or more",
    figure="ranks_by_architecture",
)
def unstable_lengths(results: Results) -> Iterator[Sample]:
    """Divide by the prediction that the formula gives at fixed lengths."""
    chosen = results.where(
        lambda p: p.depth >= 40 and float(p.predicted.length_slope) > 1.01, architecture="plain"
    )
    for point in chosen:
        ratio = point.measured.centred_participation_ratio
        yield Sample(point, (ratio / point.predicted.centred_participation_ratio)[:, -1])


def reached(curve: np.ndarray, level: float) -> float:
    """Return where a curve over layers 1 to L first reaches a level; ``nan`` if it does not."""
    layer = int(np.argmax(curve >= level))
    if curve[layer] < level:
        return float("nan")
    if layer == 0:
        return 1.0
    return float(np.interp(level, curve[layer - 1 : layer + 1], [layer, layer + 1]))


def depth_of(point: Point, share: float, *, unit: float = 1.0) -> Estimate:
    """Estimate the layer at which a share of the centred rank is left, in a unit."""
    level = 1 / (share * (point.batch_size - 1))
    return jackknife(
        lambda some: reached(some.mean(axis=0), level) / unit,
        1 / point.measured.centred_participation_ratio,
    )


def keeps_lengths(point: Point) -> bool:
    """Tell whether features of an input keep their length from layer to layer."""
    return point.architecture in NORMALISED or float(point.predicted.length_slope) <= STABLE


def _sharp(point: Point, share: float, depth: float) -> bool:
    """Tell whether 1/PR, off by 0.8 l/n, moves a predicted depth by at most a factor of 1.25."""
    curve = 1 / point.predicted.centred_participation_ratio.to_numpy()
    level, off = 1 / (share * (point.batch_size - 1)), 0.8 * depth / point.width
    late = reached(curve, level * (1 + off))
    return bool(late <= 1.25 * depth and depth <= 1.25 * reached(curve, level * (1 - off)))


def _kept(point: Point, ratio: xr.DataArray) -> xr.DataArray:
    return ratio.sel(layer=point.depth) / ratio.sel(layer=point.depth // 2)
