import itertools
import math

import numpy as np
import pytest

from rankscope.studies.randlora.collinear import theory
from rankscope.studies.randlora.collinear.parameters import Parameters


def test_dependence_of_short_ternary_vectors_by_enumeration():
    point = Parameters(columns=2, sparsity=0.5, draws=1)
    chances = {-1: 0.25, 0: 0.5, 1: 0.25}
    total = sum(
        math.prod(chances[entry] for entry in (a, b, c, d))
        for a, b, c, d in itertools.product(chances, repeat=4)
        if a * d == b * c
    )
    assert float(theory.predict(point).dependent_share) == pytest.approx(total, rel=1e-14)


def test_counted_dependence_agrees_with_the_exact_probability_not_the_printed_one(both):
    simulated, predicted = both("collinear", columns=6, sparsity=0.6, draws=5000)
    share, exact = float(simulated.dependent_share.mean()), float(predicted.dependent_share)
    assert share == pytest.approx(exact, abs=5 * np.sqrt(exact / 20000))
    assert share > 3 * float(predicted.printed_probability)


def test_the_printed_formula_gives_the_papers_number():
    point = Parameters(columns=768, sparsity=1 - 2 / math.sqrt(768), draws=1)
    printed = float(theory.predict(point).printed_probability)
    assert math.log10(printed / 2e-49) == pytest.approx(0, abs=0.1)
