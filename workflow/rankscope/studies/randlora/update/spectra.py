"""The spectra of RandLoRA updates, for the page across the papers."""

from rankscope.comparison.ranks import NEEDED, Spectrum
from rankscope.evidence.results import Results

KINDS = {
    "RandLoRA, equal diagonals": lambda point: point.gamma_spread == 0,
    "RandLoRA, random diagonals": lambda point: point.gamma_spread > 0,
}


def spectra(results: Results) -> list[Spectrum]:
    """Return spectra of random updates, with diagonals at their start and spread out."""
    found = []
    for label, condition in KINDS.items():
        points = results.where(condition, distribution="normal").points
        if points:
            widest = max(points, key=lambda point: point.columns)
            found.append(
                Spectrum(
                    question=NEEDED,
                    label=label,
                    values=widest.measured.spectrum.values,
                    shape=(widest.rows, widest.columns),
                )
            )
    return found
