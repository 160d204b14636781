import numpy as np
import pytest
from scipy import optimize

from rankscope.evidence import results
from rankscope.jobs.streams import streams
from rankscope.numerics import mixtures
from rankscope.planning import parameters
from rankscope.planning.parameters import ParameterError
from rankscope.studies.eigenspace_alignment.nuisance import claims, simulation, theory
from rankscope.studies.eigenspace_alignment.nuisance import parameters as study

STUDY = "eigenspace_alignment/nuisance"
POINT = {
    "classes": 3,
    "dimension": 40,
    "snr": 100.0,
    "nuisance_ratio": 1.0,
    "samples_per_dimension": 20.0,
    "ridge": 0.2,
    "step_scale": 1.0,
    "duration": 20.0,
}


def build(**changes):
    return parameters.build(study.Parameters, POINT | changes, "here")


def fixed_point(k, ridge):
    """Solve for the probability of the true class without noise, the gap of logits its unknown."""
    gap = optimize.brentq(
        lambda g: k * ridge * (k - 1) / k * g - (1 - 1 / (1 + (k - 1) * np.exp(-g))), 0, 50
    )
    return 1 / (1 + (k - 1) * np.exp(-gap))


def test_crossings_at_little_noise_are_those_of_the_fixed_point():
    k, ridge, snr = 4, 0.05, 1e5
    pi = fixed_point(k, ridge)
    q = (1 - pi) / (k - 1)
    found = theory.predict(build(classes=k, ridge=ridge, snr=snr, duration=120.0))
    for row, (high, low) in enumerate([(pi * (1 - pi), q * (1 - q)), ((1 - pi) ** 2, q**2)]):
        total = high + (k - 1) * low
        assert found.crossing_leading[row] / snr == pytest.approx(low / total, rel=0.01)
        assert found.crossing_first[row] / snr == pytest.approx(high / total, rel=0.01)


def test_crossings_do_not_depend_on_the_nuisance_itself():
    one, other = (theory.predict(build(nuisance_ratio=ratio)) for ratio in (1.0, 50.0))
    np.testing.assert_array_equal(one.crossing_leading, other.crossing_leading)


@pytest.mark.parametrize(("factor", "inside"), [(0.5, False), (2.0, True)])
def test_the_effective_spectrum_with_many_samples_agrees_with_the_population(factor, inside):
    ratio = factor * float(theory.predict(build()).crossing_leading[0])
    many = theory.predict(build(nuisance_ratio=ratio, samples_per_dimension=1000.0))
    assert (many.nuisance_in_leading[0] > 0.99) == inside
    assert (many.smallest_cosine[0] < 0.1) == inside


def test_only_the_direction_after_the_means_is_stretched():
    point = build(nuisance_ratio=25.0)
    mixture = mixtures.class_mixture(np.eye(3), point.snr)
    components, inputs = simulation.draw(point, mixture, np.random.default_rng(0), 20_000)
    variance = (inputs - np.pad(mixture.centres, ((0, 0), (0, 37)))[components]).var(axis=0)
    expected = np.where(np.arange(40) == 3, 25.0, 1.0) / point.snr
    np.testing.assert_allclose(variance, expected, rtol=0.06)


def test_a_huge_nuisance_is_the_first_eigenvector_and_weights_leave_it_alone():
    point = build(nuisance_ratio=300.0, dimension=100)
    data = simulation.simulate(point, streams(0, STUDY, point, 0, 2))
    assert (data.nuisance_in_first > 0.99).all()
    assert (data.weights_in_first < 0.1).all()
    assert (data.weights_in_means > 0.95).all()


def test_a_replicate_whose_pairs_did_not_converge_counts_as_missing():
    point = build(nuisance_ratio=60.0, dimension=60)
    data = simulation.simulate(point, streams(0, STUDY, point, 0, 3))
    assert data.converged.all()
    assert float(data.residual[..., : point.classes].max()) < 1e-5
    data.converged[1, 0, 2] = False
    found = {"here": (parameters.as_dict(point), data, theory.predict(point))}
    (sample, *_) = claims.beyond.samples(results.of(found))
    assert sample.estimate.missing == 1
    (sample,) = claims.weights_stay.samples(results.of(found))
    assert sample.estimate.missing == 0


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"dimension": 6}, "at least 7"), ({"nuisance_ratio": 1e5}, "overshoot")],
)
def test_a_point_that_cannot_be_is_refused(changes, word):
    with pytest.raises(ParameterError, match=word):
        build(**changes)
