"""All claims of the study: the abstract's, under every definition, then the derived theory's.

Only the abstract is known: a verdict on it is about its words under the named definition, and
says nothing on the full text.
"""

# in the order of the report
# isort: skip_file
from rankscope.studies.effective_dimension.claims import (
    closed_form,
    concentration,
    revivals,
    full_rank,
    infinite_width,
    finite_width,
    units,
    angles,
)

__all__ = [  # noqa: RUF022
    "closed_form",
    "concentration",
    "revivals",
    "full_rank",
    "infinite_width",
    "finite_width",
    "units",
    "angles",
]
