"""Figures of the study; a function's docstring is its caption."""

from rankscope.studies.language_model.figures.accuracy import (
    accuracy,
    learning_curves,
    learning_rates,
    rank_and_parameters,
    rank_curve,
    truncation,
)
from rankscope.studies.language_model.figures.models import representations
from rankscope.studies.language_model.figures.updates import (
    amplification,
    intruders,
    similarity,
    spectra,
)

__all__ = [
    "accuracy",
    "amplification",
    "intruders",
    "learning_curves",
    "learning_rates",
    "rank_and_parameters",
    "rank_curve",
    "representations",
    "similarity",
    "spectra",
    "truncation",
]
