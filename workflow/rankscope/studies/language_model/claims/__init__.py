"""All claims of the study, in the order of the report."""

from rankscope.studies.language_model.claims import accuracy, directions, tasks, updates

# isort: split
from rankscope.studies.language_model.claims import unreached

__all__ = ["accuracy", "directions", "tasks", "unreached", "updates"]
