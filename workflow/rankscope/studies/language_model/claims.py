"""All claims of the study."""

from rankscope.studies.language_model import (
    claims_accuracy,
    claims_directions,
    claims_out_of_reach,
    claims_updates,
)

CLAIMS = (
    *claims_accuracy.CLAIMS,
    *claims_directions.CLAIMS,
    *claims_updates.CLAIMS,
    *claims_out_of_reach.CLAIMS,
)
