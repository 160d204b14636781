"""How the errors of the theorems on XOR fall with ``lambda`` and with ``phi = M / d``.

The theorems bound an error by a constant, which they do not name, times ``eps + lambda^(-1/2)``.
``eps`` is the transient, and over by ``12 / beta``. What is left is an order: an error that
falls more slowly than ``lambda^(-1/2)`` would contradict them, whatever the constant. Sharper
orders are derived in docs. Of every run, the worst time and the worst neuron count.
"""

from collections.abc import Callable, Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import RECALLED, claim
from rankscope.evidence.region import at_most, within
from rankscope.evidence.results import Family, Point, Results
from rankscope.evidence.samples import Sample, jackknife, slope
from rankscope.studies.eigenspace_alignment.points import (
    MATRICES,
    PAPER,
    certain,
    clear_of_bulk,
    since,
)
from rankscope.studies.eigenspace_alignment.xor.claims.theorems import (
    FROM,
    WORST,
    first_layers,
    misaligned,
    missed,
    outside,
    outside_centres,
    wide,
)
from rankscope.studies.eigenspace_alignment.xor.selection import (
    ALIVE,
    NEURONS,
    Neurons,
    alive,
    plain,
)

AT = "lambda of 100 or more, phi of 10 or more, all times from 12 / beta"
SCOPE = f"Gaussian start, ReLU, points that differ in lambda alone, {AT}"
EITHER = f"Gaussian start, ReLU, points that differ in lambda alone or in phi alone, {AT}"
TRANSIENT = (
    "not the theorems', which bound this error and do not say that it falls: what is left of it at "
    "12 / beta, about 1e-8, is a transient of the smallest neurons, and has no order"
)
ORDER = at_most(-0.5, why="the theorem's order, lambda^(-1/2); its eps, the transient, is over")
FIFTH = "a fifth of the step to the next exponents of the expansion, which are 1/2 away"
AXES = ("snr", "samples_per_dimension")


def exponents(
    families: Iterator[Family], error: Callable[[Point], xr.DataArray]
) -> Iterator[Sample]:
    """Fit a power of the families' axis to an error, of each matrix if it is of two."""
    for family in families:
        errors = [error(point) for point in family]
        if "matrix" not in errors[0].dims:
            yield Sample(family, slope(list(family.sizes), errors))
            continue
        for matrix in MATRICES:
            rows = [each.sel(matrix=matrix) for each in errors]
            yield Sample(family, slope(list(family.sizes), rows), matrix)


@claim(
    "T4.1: order of the first-layer error",
    "1 - rho(W_i, E_2) falls as a power of lambda of exponent {accepted}.",
    accepted=ORDER,
    estimate="slope of log(1 - rho), worst neuron and time, against log(lambda)",
    scope=f"{SCOPE}; neurons {ALIVE}",
    source=f"{PAPER}4.1",
    basis=RECALLED,
    figure="orders",
    null="no dependence on lambda",
    chance=0.0,
    definitions=NEURONS,
    headline=True,
)
def first_layer_order(results: Results, neurons: Neurons) -> Iterator[Sample]:
    """Fit a power law to the worst of each replicate."""
    yield from _misalignment(results, neurons)


@claim(
    "C14: first-layer error of order 1 / lambda",
    "1 - rho(W_i, E_2) falls as a power of lambda, exponent {accepted}.",
    accepted=within(0.1, of=-1, why=FIFTH),
    estimate="slope of log(1 - rho), worst neuron and time, against log(lambda)",
    scope=f"{SCOPE}; neurons {ALIVE}",
    figure="orders",
    null="the exponent -1/2",
    chance=-0.5,
    definitions=NEURONS,
)
def first_layer_exponent(results: Results, neurons: Neurons) -> Iterator[Sample]:
    """Fit a power law to the worst of each replicate."""
    yield from _misalignment(results, neurons)


def _misalignment(results: Results, neurons: Neurons) -> Iterator[Sample]:
    families = first_layers(results).families("snr")
    yield from exponents(families, lambda point: misaligned(point, neurons))


@claim(
    "C14: what the samples add",
    "1 - rho(W_i, E_2) exceeds 1 - rho(W_i, span(mu, nu)) by what falls as a power of lambda, and "
    "of phi, of exponent {accepted}: the error 2 / (phi lambda) of a mean over samples.",
    accepted=within(0.1, of=-1, why=FIFTH),
    estimate="slope of the log of the difference, mean over neurons, times and replicates, against "
    "log(lambda), or against log(phi)",
    scope=f"{EITHER}; neurons {ALIVE}",
    figure="orders",
    null="the exponent -1/2",
    chance=-0.5,
    definitions=NEURONS,
)
def samples_add(results: Results, neurons: Neurons) -> Iterator[Sample]:
    """Fit a power law to means over replicates: of one, the difference may be below 0."""
    for axis in AXES:
        for family in first_layers(results).families(axis):

            def exponent(*values: np.ndarray, sizes: np.ndarray = family.sizes) -> float:
                means = np.array([each.mean() for each in values])
                return float(slope(sizes, list(means[:, None]))[0])

            for matrix in MATRICES:
                gaps = [added(point, neurons).sel(matrix=matrix) for point in family]
                yield Sample(family, jackknife(exponent, *gaps), matrix)


def added(point: Point, neurons: Neurons) -> xr.DataArray:
    """Return by how much the alignment with ``E_2`` is below that with the centres, a mean."""
    rho = certain(point, "alignment")
    gap = since(point, FROM, point.measured.weights_in_centres.isel(run=0) - rho)
    return gap.where(alive(point) | neurons.dead).mean(WORST)


@claim(
    "C14: order of the second-layer error",
    "1 - rho(v, E_4)^2 falls as a power of lambda of exponent {accepted}.",
    accepted=ORDER,
    estimate="slope of log(1 - rho^2), worst time, against log(lambda)",
    scope=f"20 neurons or more; {SCOPE}; {TRANSIENT}",
    figure="orders",
    null="no dependence on lambda, as of a random direction in R^K",
    chance=0.0,
)
def second_layer_order(results: Results) -> Iterator[Sample]:
    """Fit a power law to the worst time, mean over the networks of a replicate."""
    yield from exponents(
        wide(results).families("snr"), lambda point: missed(point, _in_four(point))
    )


@claim(
    "T4.2: order of the first-layer error",
    "1 - rho(W_i, span(mu, nu)) falls as a power of lambda of exponent {accepted}.",
    accepted=ORDER,
    estimate="slope of log(1 - rho), worst neuron and time, against log(lambda)",
    scope=f"{SCOPE}; neurons {ALIVE}",
    source=f"{PAPER}4.2",
    basis=RECALLED,
    figure="orders",
    null="no dependence on lambda",
    chance=0.0,
    definitions=NEURONS,
)
def centres_order(results: Results, neurons: Neurons) -> Iterator[Sample]:
    """Fit a power law to the worst of each replicate."""
    families = first_layers(results).families("snr")
    yield from exponents(families, lambda point: outside_centres(point, neurons))


@claim(
    "D1: cross terms of first-layer blocks",
    "|A - P A P| / |A| falls as a power of lambda, and of phi, of exponent {accepted}: cross terms "
    "between centres and noise are 2 (phi lambda)^(-1/2), the order that theorem 4.2 allows.",
    accepted=within(0.1, of=-0.5, why="a fifth of the step to the exponent -1"),
    estimate="slope of log(|A - P A P| / |A|), worst neuron and time, against log(lambda), or "
    "against log(phi)",
    scope=f"{EITHER}; phi of lambda / 10 or less: the bulk adds a term of order 1 / lambda; "
    f"neurons {ALIVE}",
    figure="orders",
    null="the exponent -1",
    chance=-1.0,
    definitions=NEURONS,
)
def cross_terms(results: Results, neurons: Neurons) -> Iterator[Sample]:
    """Fit power laws to the worst of each replicate."""
    chosen = first_layers(results).where(clear_of_bulk)
    for axis in AXES:
        families = chosen.families(axis)
        yield from exponents(families, lambda point: outside(point, neurons))


@claim(
    "C14: order of the second-layer error in hidden centres",
    "1 - rho(v, span of g(W theta))^2 falls as a power of lambda of exponent {accepted}.",
    accepted=ORDER,
    estimate="slope of log(1 - rho^2), worst time, against log(lambda)",
    scope=f"20 neurons or more; {SCOPE}; {TRANSIENT}",
    figure="orders",
    null="no dependence on lambda, as of a random direction in R^K",
    chance=0.0,
)
def hidden_order(results: Results) -> Iterator[Sample]:
    """Fit a power law to the worst time, mean over the networks of a replicate."""
    families = wide(results).families("snr")
    yield from exponents(families, lambda point: missed(point, point.measured.second_in_hidden))


def _in_four(point: Point) -> xr.DataArray:
    return plain(point.measured.second_in_four)
