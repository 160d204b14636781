"""Figures of the study, in the order of the report; a docstring is a caption."""

# in the order of the report
# isort: skip_file
from rankscope.studies.effective_dimension.figures.ranks import (
    ranks_by_layer,
    ranks_under_other_laws,
    exact_rank,
)
from rankscope.studies.effective_dimension.figures.verdict_maps import (
    verdicts_by_definition,
    closed_form_by_point,
)
from rankscope.studies.effective_dimension.figures.finite_width import (
    spectra,
    hump_depth,
    angles_and_norms,
    concentration,
)

__all__ = [  # noqa: RUF022
    "ranks_by_layer",
    "ranks_under_other_laws",
    "exact_rank",
    "verdicts_by_definition",
    "closed_form_by_point",
    "spectra",
    "hump_depth",
    "angles_and_norms",
    "concentration",
]
