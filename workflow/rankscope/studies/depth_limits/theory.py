"""How far features of a batch fall together at infinite width, and what finite width adds.

``D = 1 - c`` is the distance of two inputs whose features have cosine c. In a layer with
pre-activations ``sqrt(c) g + sqrt(D) e_i`` of unit variance, and ``phi`` scaled to
``E phi^2 = 1``, let ``s^2(g) = Var_e phi`` and ``b(g) = E_e [e phi]``:

    A(D) = E_g s^2,    r(D) = E_g b^2 / E_g s^2,    kappa(D) = E_g s^4 / (E_g s^2)^2.

* plain: ``D' = A``; layer-norm: ``D' = A / (1 - mu^2)`` with ``mu = E phi``. Both:
  ``V' = r^2 V + kappa / n``.
* batch-norm: the same at ``D = 1`` in every layer, with the r of a batch of m.
* residual, branch weight s, mean square q: ``q' = q + s^2``, ``D' = (q D + s^2 A) / q'`` and,
  with the branch's share ``w = s^2 A / (q D + s^2 A)``,
  ``V' = (1 - w + w r)^2 V + [w^2 (kappa + 1) + 2 w (1 - w)] / n`` from ``V_0 = 1/n``.

The centred participation ratio is ``1 / PR = 1 / (m - 1) + V``, to first order in 1/n and
leading order in 1/m. Derived in docs.
"""

import dataclasses
import functools
import math

import numpy as np
import xarray as xr
from scipy import interpolate, special

from rankscope.datasets import variable
from rankscope.studies.depth_limits.parameters import Parameters

WIDTHS = 2.0 ** np.arange(5, 14.1, 0.25)
"""Widths at which depths are given."""
KEPT = (0.75, 0.5, 0.25, 0.1)
"""Shares of the full rank, m - 1, of which the depths are given."""
DEEPEST = 20_000
"""No layer beyond is looked at."""
_FINE = np.linspace(-8.0, 8.0, 961)
_GRIDS = {"relu": _FINE}
"""A quarter of the nodes is exact to rounding, but for a kink, which leaves their step's square."""
_DISTANCES = np.geomspace(1e-9, 1.0, 121)


def activation(name: str, z: np.ndarray) -> np.ndarray:
    """Return phi, not scaled."""
    if name == "relu":
        return np.where(z > 0, z, 0.0)
    if name == "tanh":
        return 2.0 * special.expit(2.0 * z) - 1.0
    if name == "gelu":
        return 0.5 * z * (1.0 + special.erf(z / np.sqrt(2.0)))
    return z / (1.0 + np.exp(-z))


@dataclasses.dataclass(frozen=True)
class Moments:
    """What a layer does to distances.

    Attributes:
        variance: A at the nodes `_DISTANCES`.
        damping: r at the nodes.
        injection: kappa at the nodes.
        mean: mu.
        length_slope: derivative at q = 1 of the map of the mean square q; above 1 lengths do
            not stay.
    """

    variance: np.ndarray
    damping: np.ndarray
    injection: np.ndarray
    mean: float
    length_slope: float


@functools.cache
def moments(name: str) -> Moments:
    """Average over Gaussian pre-activations, by sums on grids."""
    grid = _GRIDS.get(name, _FINE[::4])
    weight = np.exp(-(grid**2) / 2) / np.exp(-(grid**2) / 2).sum()
    plain = activation(name, grid)
    square = float(plain**2 @ weight)
    step = 1e-4
    grown = activation(name, np.sqrt(1 + step) * grid) ** 2 @ weight
    found = []
    for distance in _DISTANCES:
        # close to a kink of phi at 0, where inputs a small distance apart part ways
        stretch = np.linspace(-1, 1, len(grid)) * np.arcsinh(8.0 / np.sqrt(distance))
        common = np.sqrt(distance) * np.sinh(stretch)
        density = np.exp(-(common**2) / 2) * np.cosh(stretch)
        density /= density.sum()
        shared, own = np.sqrt(1.0 - distance) * common[:, None], np.sqrt(distance) * grid
        # deviations from the value at e = 0 keep the digits of a small variance
        values = activation(name, shared + own) - activation(name, shared)
        variance = (values**2 @ weight - (values @ weight) ** 2) / square
        slope = (values @ (weight * grid)) ** 2 / square
        total = variance @ density
        found.append((total, slope @ density / total, variance**2 @ density / total**2))
    variance, damping, injection = np.array(found).T
    mean = float(plain @ weight) / np.sqrt(square)
    return Moments(variance, damping, injection, mean, float(grown / square - 1) / step)


@functools.cache
def batch_damping(name: str, batch: int, rings: int = 400, turns: int = 240) -> float:
    """Return r of batch norm, exact for a batch of m inputs at infinite width.

    Pre-activations of a unit are uniform on the sphere of radius ``sqrt(m)`` in the space of
    vectors whose entries add up to 0. With ``s_1, ..., s_4`` four of them,

        r = (1 - 1/m) E phi(s_1) phi(s_2) (s_1 - s_3) (s_2 - s_4) / E [phi(s_1)^2 - phi_1 phi_2].

    Given two entries, the means of the others and of their products follow from the sum and the
    length; the two are averaged over a disc. Derived in docs.
    """
    m = batch
    radius = (np.arange(rings) + 0.5) / rings
    angle = 2 * np.pi * (np.arange(turns) + 0.5) / turns
    weight = np.repeat(radius * (1 - radius**2) ** ((m - 5) / 2), turns)
    disc = np.sqrt(m - 1) * radius[:, None, None] * np.stack([np.cos(angle), np.sin(angle)])
    own = np.linalg.cholesky(np.eye(2) - (1 - np.eye(2)) / (m - 1))
    first, second = own @ disc.transpose(1, 0, 2).reshape(2, -1)
    total = first + second
    other = -total / (m - 2)
    others = (total**2 - (m - first**2 - second**2)) / ((m - 2) * (m - 3))
    values, partner = activation(name, first), activation(name, second)
    along = weight @ (values * partner * (first * second - other * total + others))
    return float((1 - 1 / m) * along / (weight @ (values**2 - values * partner)))


def recursion(parameters: Parameters, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """Return D and ``n V`` at layers 1 to ``depth``."""
    known = moments(parameters.activation)
    nodes = np.log(_DISTANCES)
    branch = parameters.branch**2
    # what is normalised over the batch starts every layer as orthogonal inputs do
    fixed = parameters.architecture == "batch-norm"
    scale = 1 - known.mean**2 if parameters.architecture == "layer-norm" else 1.0
    ratio = interpolate.CubicSpline(nodes, np.log(known.variance / _DISTANCES / scale))
    distances, shares = np.ones(depth + 1), np.ones(depth)
    for layer in range(depth):
        before = 1.0 if fixed else float(distances[layer])
        added = before * math.exp(ratio(math.log(max(before, _DISTANCES[0]))))
        if branch:
            square = 1 + layer * branch
            whole = square * before + branch * added
            shares[layer] = branch * added / whole
            added = whole / (square + branch)
        distances[layer + 1] = min(added, 1.0)
        stays = fixed or math.isclose(distances[layer + 1], before, rel_tol=1e-15)
        if stays and not branch:
            distances[layer + 1 :] = distances[layer + 1]
            break
    at = np.log(np.maximum(1.0 if fixed else distances[:-1], _DISTANCES[0]))
    damping = interpolate.CubicSpline(nodes, known.damping)(at) * np.ones(depth)
    injection = interpolate.CubicSpline(nodes, known.injection)(at) * np.ones(depth)
    if fixed:
        damping[:] = batch_damping(parameters.activation, parameters.batch_size)
    kept = (1 - shares + shares * damping) ** 2
    gained = shares**2 * (injection + 1) + 2 * shares * (1 - shares) if branch else injection
    fluctuation, found = 1.0 if branch else 0.0, []
    for keep, gain in zip(kept.tolist(), gained.tolist(), strict=True):
        fluctuation = keep * fluctuation + gain
        found.append(fluctuation)
    return distances[1:], np.array(found)


def crossing(curve: np.ndarray, level: float) -> float:
    """Return the layer, between layers if need be, at which a curve first reaches a level.

    Args:
        curve: at layers 1 to L.
        level: what is reached.

    Returns:
        ``inf`` if it is not reached.
    """
    above = np.flatnonzero(curve >= level)
    if not len(above):
        return float("inf")
    first = int(above[0])
    if first == 0:
        return 1.0
    low, high = curve[first - 1], curve[first]
    return float(first + (level - low) / (high - low))


def predict(parameters: Parameters) -> xr.Dataset:
    """Return the ranks by layer, and the layers at which the centred rank is p (m - 1).

    There ``1 / PR = 1 / (p (m - 1))``, that is ``V = (1 / p - 1) / (m - 1)``.
    """
    p = parameters
    m, n = p.batch_size, p.width
    # the weight of a scaled branch is a matter of the depth: its limits are those of this depth
    deep = p.depth if p.architecture == "scaled-residual" else DEEPEST
    distance, fluctuation = recursion(p, max(deep, p.depth))
    inverse = 1 / (m - 1) + fluctuation / n
    cosine = 1 - distance[: p.depth]
    top, bulk = 1 + (m - 1) * cosine, 1 - cosine
    levels = (1 / np.array(KEPT) - 1) / (m - 1)
    depths = [[crossing(fluctuation, width * level) for width in WIDTHS] for level in levels]
    layer = ("layer",)
    found = {
        "centred_participation_ratio": (
            layer, 1 / inverse[: p.depth], "participation ratio of unit-length, centred features",
        ),
        "participation_ratio": (
            layer, m**2 / (top**2 + (m - 1) * bulk**2), "participation ratio, infinite width",
        ),
        "cosine": (layer, cosine, "cosine of a pair, infinite width"),
        "lost_depth": (
            ("kept",), np.array([crossing(fluctuation, n * level) for level in levels]),
            "layer at which the centred rank is a share of m - 1",
        ),
        "lost_depth_by_width": (
            ("kept", "any_width"), np.array(depths), "that layer, of other widths",
        ),
        "length_slope": (
            (), moments(p.activation).length_slope, "derivative of the map of the mean square",
        ),
    }  # fmt: skip
    return xr.Dataset(
        {name: variable(*value) for name, value in found.items()},
        {
            "layer": variable("layer", np.arange(1, p.depth + 1), "layer or block"),
            "kept": variable("kept", np.array(KEPT), "share of the full rank m - 1"),
            "any_width": variable("any_width", WIDTHS, "width n"),
        },
    )
