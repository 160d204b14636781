"""The theorems of the paper on XOR, from Gaussian starts at the points of the grid.

They are asymptotic: for ``lambda`` and ``M / d`` large enough, at all times from ``T0(eps)`` to
the end, an error is of order ``eps + lambda^(-1/2)``. To test them, the unnamed constants are
fixed here: ``eps = 0.02``, ``lambda_0 = 100``, ``alpha_0 = 10``, ``T0 = 12 / beta``, and a factor 2
before ``lambda^(-1/2)``. By that time ``exp(-2 beta t) / (2 |W_i|^2)``, the transient, is below
1e-6 in neurons of a hundredth of the typical length: no neuron has to be left out. For the second
layer that bound is so wide that chance would meet it: there it is ``4 / lambda``, in networks of 20
neurons or more. Of every run, the worst time and the worst neuron count. `orders` does without
these constants.
"""

import math
from collections.abc import Iterator

from rankscope.evidence.claims import RECALLED, claim
from rankscope.evidence.region import at_most
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample
from rankscope.studies.eigenspace_alignment.points import (
    EPSILON,
    PAPER,
    certain,
    chance_alignment,
    each_matrix,
    since,
)
from rankscope.studies.eigenspace_alignment.xor.selection import (
    ALIVE,
    NEURONS,
    Neurons,
    alive,
    gaussian,
    plain,
)

SNR = 100.0
SAMPLES = 10.0
FROM = 12.0
"""In units of 1 / beta: the transient is then over in neurons of any size."""
WIDE = 20
WORST = ("checkpoint", "neuron")
SCOPE = (
    "Gaussian start, ReLU, lambda of 100 or more, phi of 10 or more, all times from 12 / beta; "
    "constants fixed here"
)
WITHIN = at_most(1.0, why="eps + lambda^(-1/2), constants fixed here: eps = 0.02, a factor 2")
SHARP = at_most(1.0, why="sharper than eps + lambda^(-1/2), which chance in R^K might meet")


def late(point: Point) -> bool:
    """Whether the theorems are for such a point, and for its end."""
    enough = point.snr >= SNR and point.samples_per_dimension >= SAMPLES
    return gaussian(point) and bool(enough and point.duration * point.ridge >= FROM)


def allowed(point: Point) -> float:
    """Return the error that the theorems allow at a point, with the constants fixed here."""
    return EPSILON + 2 / math.sqrt(point.snr)


def allowed_second(point: Point) -> float:
    """Return the squared error that is accepted of the second layer."""
    return float(4 / point.snr)


@claim(
    "T4.1: first layer in leading eigenspaces",
    "1 - rho(W_i, E_2) is {accepted} times 0.02 + 2 / sqrt(lambda).",
    accepted=WITHIN,
    estimate="1 - rho, worst neuron and time, over what is allowed",
    scope=f"{SCOPE}; neurons {ALIVE}",
    source=f"{PAPER}4.1",
    basis=RECALLED,
    figure="emergence",
    null="a random direction",
    definitions=NEURONS,
    headline=True,
)
def first_layer_in_eigenspaces(results: Results, neurons: Neurons) -> Iterator[Sample]:
    """Take the worst neuron and time of each replicate."""
    for point in results.where(late, matrices="blocks", activation="relu"):
        rho = since(point, FROM, certain(point, "alignment"))
        worst = rho.where(alive(point) | neurons.dead).min(WORST)
        chance = (1 - chance_alignment(2, point.dimension)) / allowed(point)
        yield from each_matrix(point, (1 - worst) / allowed(point), chance=chance)


@claim(
    "T4.1: second layer in leading eigenspaces",
    "1 - rho(v, E_4)^2 is {accepted} times 4 / lambda, whatever classifier is reached.",
    accepted=SHARP,
    estimate="1 - rho^2, worst time, over what is accepted",
    scope=f"20 neurons or more; {SCOPE}",
    source=f"{PAPER}4.1",
    basis=RECALLED,
    figure="emergence",
    null="a random direction in R^K",
    headline=True,
)
def second_layer_in_eigenspaces(results: Results) -> Iterator[Sample]:
    """Take the worst time of each network, and the mean over networks."""
    wide = results.where(late, lambda point: point.width >= WIDE, activation="relu")
    for point in wide:
        rho = since(point, FROM, plain(point.measured.second_in_four)).min("checkpoint")
        error = (1 - rho**2).mean("run") / allowed_second(point)
        chance = (1 - 4 / point.width) / allowed_second(point)
        yield from each_matrix(point, error, chance=chance)


@claim(
    "T4.2: first layer in the span of the centres",
    "1 - rho(W_i, span(mu, nu)) is {accepted} times 0.02 + 2 / sqrt(lambda).",
    accepted=WITHIN,
    estimate="1 - rho, worst neuron and time, over what is allowed",
    scope=f"{SCOPE}; neurons {ALIVE}",
    source=f"{PAPER}4.2",
    basis=RECALLED,
    figure="emergence",
    null="a random direction",
    definitions=NEURONS,
    headline=True,
)
def first_layer_in_centres(results: Results, neurons: Neurons) -> Iterator[Sample]:
    """Take the worst neuron and time of each replicate."""
    for point in results.where(late, matrices="blocks", activation="relu"):
        rho = since(point, FROM, point.measured.weights_in_centres.isel(run=0))
        worst = rho.where(alive(point) | neurons.dead).min(WORST)
        chance = (1 - chance_alignment(2, point.dimension)) / allowed(point)
        yield Sample(point, (1 - worst) / allowed(point), chance=chance)


@claim(
    "T4.2: first-layer matrices in the span of the centres",
    "|A - P A P| / |A| of first-layer blocks is {accepted} times 0.02 + 2 / sqrt(lambda).",
    accepted=WITHIN,
    estimate="relative norm, worst neuron and time, over what is allowed",
    scope=f"{SCOPE}; neurons {ALIVE}",
    source=f"{PAPER}4.2",
    basis=RECALLED,
    figure="emergence",
    null="a matrix outside the span",
    definitions=NEURONS,
)
def first_matrices_in_centres(results: Results, neurons: Neurons) -> Iterator[Sample]:
    """Take the worst neuron and time of each replicate."""
    for point in results.where(late, matrices="blocks", activation="relu"):
        outside = since(point, FROM, certain(point, "outside"))
        worst = outside.where(alive(point) | neurons.dead).max(WORST)
        yield from each_matrix(point, worst / allowed(point), chance=allowed(point) ** -1)


@claim(
    "T4.2: second layer in the span of hidden centres",
    "1 - rho(v, span of g(W theta))^2 is {accepted} times 4 / lambda.",
    accepted=SHARP,
    estimate="1 - rho^2, worst time, over what is accepted",
    scope=f"20 neurons or more; {SCOPE}",
    source=f"{PAPER}4.2",
    basis=RECALLED,
    figure="emergence",
    null="a random direction in R^K",
)
def second_layer_in_hidden(results: Results) -> Iterator[Sample]:
    """Take the worst time of each network, and the mean over networks."""
    wide = results.where(late, lambda point: point.width >= WIDE, activation="relu")
    for point in wide:
        rho = since(point, FROM, point.measured.second_in_hidden).min("checkpoint")
        error = (1 - rho**2).mean("run") / allowed_second(point)
        yield Sample(point, error, chance=(1 - 4 / point.width) / allowed_second(point))
