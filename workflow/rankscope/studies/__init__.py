"""One folder per study; the folder's name is the study's name in ``config.yaml``."""
