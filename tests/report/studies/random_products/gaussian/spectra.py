"""The spectra that the page across the papers compares."""

from rankscope.comparison.ranks import LOST, Spectrum
from rankscope.evidence.results import Results


def spectra(results: Results) -> list[Spectrum]:
    return [
        Spectrum(
            question=LOST,
            label=f"Product of {point.depth}",
            values=point.measured.singular_value.values,
            shape=(point.size, point.size),
        )
        for point in results.where(size=32)
    ]
