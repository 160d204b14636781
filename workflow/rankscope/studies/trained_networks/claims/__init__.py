"""What is claimed of networks before, during and after training on images."""

# in the order of the report
# isort: skip_file
from rankscope.studies.trained_networks.claims import features, gradients, confined

__all__ = ["features", "gradients", "confined"]  # noqa: RUF022
