"""All claims of the study: the abstract's, under every definition, then the derived theory's."""

from rankscope.studies.effective_dimension.claims_paper import PAPER_CLAIMS
from rankscope.studies.effective_dimension.claims_theory import THEORY_CLAIMS

CLAIMS = (*PAPER_CLAIMS, *THEORY_CLAIMS)
