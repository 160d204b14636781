"""Figures of the study; a function's docstring is its caption."""

from rankscope.studies.trained_networks.figures.alignment import (
    alignment,
    alignment_by_layer,
    confined_training,
    misalignment,
    relative_updates,
    varied_alignment,
    weights_by_layer,
)
from rankscope.studies.trained_networks.figures.features import (
    collapse,
    last_layer,
    ranks_by_layer,
    training,
    varied_ranks_by_layer,
)
from rankscope.studies.trained_networks.figures.matrices import (
    class_structure,
    hessian,
    hessian_density,
    outliers,
    spectra,
)

__all__ = [  # noqa: RUF022 - in the order of the report
    "ranks_by_layer",
    "varied_ranks_by_layer",
    "last_layer",
    "collapse",
    "training",
    "outliers",
    "spectra",
    "class_structure",
    "alignment",
    "varied_alignment",
    "alignment_by_layer",
    "weights_by_layer",
    "relative_updates",
    "misalignment",
    "hessian",
    "hessian_density",
    "confined_training",
]
