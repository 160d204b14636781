"""The comparison across the papers: their spectra, measured in the same way."""
