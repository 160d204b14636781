"""The claims on the softmax classifier: effective theory, closed forms, and the theorems."""

from rankscope.studies.eigenspace_alignment.mixture.claims import (
    alignment,
    dynamics,
    spectra,
    theorems,
)

__all__ = ["alignment", "dynamics", "spectra", "theorems"]
