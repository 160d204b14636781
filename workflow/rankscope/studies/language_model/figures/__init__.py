"""Figures of the study; a function's docstring is its caption."""

from rankscope.studies.language_model.figures.accuracy import (
    accuracy,
    learning_curves,
    learning_rates,
    rank_and_parameters,
    truncation,
)
from rankscope.studies.language_model.figures.models import loss_plane, representations
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
    "loss_plane",
    "rank_and_parameters",
    "representations",
    "similarity",
    "spectra",
    "truncation",
]
