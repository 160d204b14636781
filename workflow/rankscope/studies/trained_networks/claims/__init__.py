"""What is claimed of networks before, during and after training on images."""

from rankscope.studies.trained_networks.claims import features, gradients

__all__ = ["features", "gradients"]
