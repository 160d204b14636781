"""Claims about the rank of Jacobians by depth, from a few layers to many times the width."""

import dataclasses
import itertools
from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import DERIVED, Definition, claim
from rankscope.evidence.region import at_least, percent
from rankscope.evidence.results import Family, Point, Results
from rankscope.evidence.samples import Sample, proportion, ratio_of_means

BETWEEN = (0.25, 0.5, 1.0)
"""Values of kappa l / n at which networks are compared."""
ONE_DIRECTION = 1.1
"""Stable rank up to which a Jacobian has numerically one direction."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rank(Definition):
    """A notion of rank, and the variable that holds it."""

    variable: str


@claim(
    "rank while depth is small",
    "The participation ratio of the squared singular values of the Jacobian is n / (1 + K), "
    "{accepted}, with K the sum over layers of kappa: 2 for Gaussian ReLU, 1 for Gaussian linear "
    "and orthogonal ReLU networks, and for tanh what its length map gives at weights of gain 1 and "
    "inputs of mean square 1.",
    accepted=percent(10, why="the exact law of homogeneous networks leaves it by K/2n, up to 1/16"),
    estimate="mean of n / (1 + K) over the measured participation ratio",
    null="an isometry: participation ratio n",
    scope="K at most n/8, which orthogonal tanh networks have at any depth, layers 1, 2, 4, 8 and "
    "so on; at K = n/8 the mean of 1/PR is above by up to 10 %, most in narrow ReLU networks",
    source="Pennington, Schoenholz and Ganguli, AISTATS 2018; the region is derived here",
    basis=DERIVED,
    figure="ranks_by_depth",
    headline=True,
)
def free_ratio(results: Results) -> Iterator[Sample]:
    """Average 1/PR over networks."""
    for point in results:
        ratio = point.predicted.participation_ratio / point.measured.participation_ratio
        for layer in measured_layers(point, below=1 / 8):
            chance = float(point.predicted.participation_ratio.sel(layer=layer)) / point.width
            yield Sample(point, ratio.sel(layer=layer), f"layer {layer}", chance=chance)


@claim(
    "spectrum while depth is small",
    "The free product's spectral density gives the rank {accepted}.",
    accepted=percent(10, why="relative corrections of order K/n, which is up to 1/8"),
    estimate="mean measured rank over the free density's",
    null="the participation ratio in its place",
    scope="Gaussian weights, linear and ReLU, K at most n/8, layers 1, 2, 4, 8 and so on",
    figure="ranks_by_depth",
    definitions=(
        Rank(name="effective rank", variable="effective_rank"),
        Rank(name="rank at 0.01", variable="numerical_rank"),
    ),
)
def free_spectrum(results: Results, rank: Rank) -> Iterator[Sample]:
    """Divide measured ranks by those of the density."""
    for point in results.where(is_homogeneous, initialisation="gaussian"):
        predicted = point.predicted[rank.variable]
        ratio = point.measured[rank.variable] / predicted
        for layer in measured_layers(point, below=1 / 8):
            chance = float((point.predicted.participation_ratio / predicted).sel(layer=layer))
            yield Sample(point, ratio.sel(layer=layer), f"layer {layer}", chance=chance)


@claim(
    "moments at any width",
    "E (tr A)^2 / E tr A^2 = (r + 2) / (r - 1), {accepted}, for A = J J^T and "
    "r = (n + 2) / (n - 1) g^l, with g = 1 + 3 kappa / (n - 1) for Gaussian and "
    "1 + 3 kappa / (n + 2) for orthogonal weights.",
    accepted=percent(5, why="exact; what the heavy tails of the moments leave to be seen"),
    estimate="measured ratio of means over the exact one",
    null="the first order in depth: n / (kappa l)",
    scope="linear and ReLU, kappa l at most n/8, layers 1, 2, 4, 8 and so on: deeper, a few "
    "networks of large trace decide the means, and hundreds do not show 5 %",
    figure="ranks_by_depth",
)
def annealed_ratio(results: Results) -> Iterator[Sample]:
    """Divide the mean squared trace by the mean trace of the square."""
    for point in results.where(is_homogeneous):
        for layer in measured_layers(point, below=1 / 8):
            predicted = float(point.predicted.annealed_ratio.sel(layer=layer))
            first = point.width / float(point.predicted.excess.sel(layer=layer))
            at = point.measured.sel(layer=layer)
            found = ratio_of_means(at.squared_trace / predicted, at.trace_square)
            yield Sample(point, found, f"layer {layer}", chance=first / predicted)


@claim(
    "one curve",
    "Between a few layers and many, 1/PR depends on activation, weights, width and depth through "
    "kappa l / n alone, {accepted}: linear networks and ReLU networks with orthogonal weights have "
    "at depth 2 l what Gaussian ReLU networks have at l.",
    accepted=percent(
        15,
        why="1/n: (1 + kappa l)/n differs by 9 % between n = 32 and 128 at kappa l = n/4, and the "
        "exact rates by 3/n, 9 % at n = 32, between Gaussian and orthogonal weights",
    ),
    estimate="mean 1/PR / that of Gaussian ReLU networks, at equal kappa l / n",
    null="depth alone decides: the same at equal depth",
    scope="linear and orthogonal ReLU networks of any width beside the narrowest Gaussian ReLU "
    "network; kappa l / n of 1/4, 1/2 and 1",
    figure="ranks_by_depth",
)
def one_curve(results: Results) -> Iterator[Sample]:
    """Compare with the narrowest Gaussian ReLU network that is deep enough."""
    deep = results.where(is_reference, lambda p: 2 * p.depth >= p.width)
    narrowest = sorted(deep, key=lambda p: p.width)[:1]
    others = results.where(is_homogeneous, lambda p: not is_reference(p))
    for reference, point, share in itertools.product(narrowest, others, BETWEEN):
        layer, other = layer_at(reference, share), layer_at(point, share)
        if layer not in reference.measured.layer or other not in point.measured.layer:
            continue
        found = ratio_of_means(
            1 / point.measured.participation_ratio.sel(layer=other),
            1 / reference.measured.participation_ratio.sel(layer=layer),
        )
        pair = Family("depth", (reference, point), f"{point} : {reference}")
        same = [float(p.predicted.annealed_ratio.sel(layer=layer)) for p in pair]
        yield Sample(pair, found, f"kappa l / n = {share:g}", chance=same[0] / same[1])


@claim(
    "orthogonal tanh keeps rank",
    "Tanh networks with orthogonal weights of gain 1, at inputs of mean square 1, keep the rank of "
    "their Jacobian at any depth: the participation ratio at the last layer over that at layer n "
    "is {accepted}.",
    accepted=at_least(0.9, why="kappa falls as 2 / l^2: beyond layer n the sum adds about 2/n"),
    estimate="PR at the last layer / PR at layer n",
    null="the tanh network of the same shape with Gaussian weights",
    scope="depth 4 n or more; at another gain or another length of the inputs kappa need not fall",
    figure="ranks_by_depth",
)
def orthogonal_tanh(results: Results) -> Iterator[Sample]:
    """Divide the participation ratio at the end by that at layer n."""
    chosen = results.where(activation="tanh", initialisation="orthogonal")
    for point in chosen.where(lambda p: p.depth >= 4 * p.width and p.width in p.measured.layer):
        ratio = point.measured.participation_ratio
        gaussian = (1 + point.width) / (1 + point.depth)
        kept = ratio.sel(layer=point.depth) / ratio.sel(layer=point.width)
        yield Sample(point, kept, chance=gaussian)


@claim(
    "leading singular values when depth is large",
    "From kappa l = 4 n on, the mean of log (sigma_1^2 / sigma_4^2) is l times the difference of "
    "Lyapunov exponents plus a constant, {accepted}.",
    accepted=percent(10, why="corrections where neighbours meet, of order exp(-kappa l / 8 n)"),
    estimate="measured mean over the predicted one",
    null="directions that grow alike: the constant alone",
    scope="linear and ReLU, layers 1, 2, 4, 8 and so on",
    source="exponents: Newman, Commun. Math. Phys. 103, 1986; ReLU and constants derived here",
    basis=DERIVED,
    figure="singular_values",
)
def lyapunov(results: Results) -> Iterator[Sample]:
    """Divide the spread of the leading four singular values by the predicted one."""
    for point in results.where(is_homogeneous):
        start = float(spread(point.predicted.intercept))
        predicted = spread(point.predicted.log_singular_value)
        ratio = spread(point.measured.log_singular_value) / predicted
        for layer in measured_layers(point, above=4):
            chance = start / float(predicted.sel(layer=layer))
            yield Sample(point, ratio.sel(layer=layer), f"layer {layer}", chance=chance)


@claim(
    "one direction",
    "From K = 4 n on, which is l = 2 n for Gaussian ReLU and 4 n for linear and orthogonal ReLU "
    "networks, the Jacobian has numerically one direction: the share of networks whose stable rank "
    "is at most 1.1 is {accepted}.",
    accepted=at_least(
        0.8, why="two directions alone, of gap kappa/n and noise 4 kappa/n per layer, give 0.91"
    ),
    estimate="share of networks with stable rank at most 1.1",
    null="a quarter of that depth",
    scope="layers 1, 2, 4, 8 and so on",
    figure="singular_values",
    headline=True,
    targets={"holds": 0.95, "fails": 0.5},
)
def one_direction(results: Results) -> Iterator[Sample]:
    """Count the networks of stable rank at most 1.1."""
    for point in results:
        chance = float(point.predicted.share_at_n)
        few = point.measured.stable_rank <= ONE_DIRECTION
        for layer in measured_layers(point, above=4):
            found = proportion(few.sel(layer=layer))
            yield Sample(point, found, f"layer {layer}", chance=chance)


def is_homogeneous(point: Point) -> bool:
    """Tell whether the activation commutes with positive factors."""
    return point.activation != "tanh"


def is_reference(point: Point) -> bool:
    """Tell whether a network is of Gaussian ReLU layers."""
    return (point.activation, point.initialisation) == ("relu", "gaussian")


def measured_layers(point: Point, *, above: float = 0.0, below: float = np.inf) -> list[int]:
    """Return the measured layers at which K / n lies between two bounds."""
    share = point.predicted.excess / point.width
    inside = (share >= above) & (share <= below)
    return [int(layer) for layer in share.layer[inside]]


def layer_at(point: Point, share: float) -> int:
    """Return the layer at which ``kappa l / n`` is a share, in a homogeneous network."""
    return round(share * point.width / float(point.predicted.excess[0]))


def spread(logarithms: xr.DataArray) -> xr.DataArray:
    """Return the first of the leading logarithms of squared singular values less the last."""
    return logarithms.isel(index=0) - logarithms.isel(index=-1)
