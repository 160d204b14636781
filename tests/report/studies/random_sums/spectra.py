"""The spectra that the page across the papers compares."""

from rankscope.comparison.ranks import NEEDED, Spectrum
from rankscope.evidence.results import Results


def spectra(results: Results) -> list[Spectrum]:
    return [
        Spectrum(
            question=NEEDED,
            label=f"Sum of {point.terms}",
            values=point.measured.singular_value.values,
            shape=(point.size, point.size),
        )
        for point in results.where(size=32)
    ]
