"""The figures of the mixture, in the order of the report; a docstring is a caption."""

# in the order of the report
# isort: skip_file
from rankscope.studies.eigenspace_alignment.mixture.figures.training import (
    dynamics,
    corrector,
    alignment,
)
from rankscope.studies.eigenspace_alignment.mixture.figures.outliers import (
    eigenvalues,
    outliers_against_snr,
)
from rankscope.studies.eigenspace_alignment.mixture.figures.training import (
    error_law,
    collapse,
    gradient_share,
)
from rankscope.studies.eigenspace_alignment.mixture.figures.outliers import (
    full_spectra,
)
from rankscope.studies.eigenspace_alignment.mixture.figures.training import (
    training_samples,
    projected_descent,
)
from rankscope.studies.eigenspace_alignment.mixture.figures.outliers import (
    sinking,
    emergence,
)

__all__ = [  # noqa: RUF022
    "dynamics",
    "corrector",
    "alignment",
    "eigenvalues",
    "outliers_against_snr",
    "error_law",
    "collapse",
    "gradient_share",
    "full_spectra",
    "training_samples",
    "projected_descent",
    "sinking",
    "emergence",
]
