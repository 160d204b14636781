"""All claims of the study, in the order of the report."""

from rankscope.studies.language_model.claims import accuracy, directions, updates

# isort: split
from rankscope.studies.language_model.claims import unreached

__all__ = ["accuracy", "directions", "unreached", "updates"]
