"""Whose a claim is."""

import pytest

from rankscope.evidence.claims import DERIVED, HERE, claim
from rankscope.evidence.region import within

FIELDS = {"accepted": within(1.0), "estimate": "mean", "scope": "all points"}


def test_a_claim_that_names_no_source_is_derived_here():
    made = claim("mean", "The mean is {accepted}.", **FIELDS)(lambda results: iter(()))
    assert (made.source, made.basis) == (HERE, DERIVED)
    assert made.sentence == "The mean is within 1."


def test_a_claim_of_a_paper_must_say_how_it_is_known():
    with pytest.raises(TypeError, match="basis"):
        claim("mean", "The mean is {accepted}.", source="a paper", **FIELDS)(lambda results: None)
