"""One look for all figures, and the panels they are made of."""
