"""The spectra of trained adapters, for the page across the papers."""

import numpy as np

from rankscope.comparison.ranks import NEEDED, Spectrum
from rankscope.evidence.results import Point, Results


def spectra(results: Results) -> list[Spectrum]:
    """Return spectra of adapters of the largest rank, trained towards each kind of teacher."""
    trained = results.where(input_decay=0.0)
    return [
        _adapter(max(trained.where(teacher=teacher), key=lambda point: point.rank))
        for teacher in trained.values("teacher")
    ]


def _adapter(point: Point) -> Spectrum:
    shape = (point.rows, point.columns)
    values = point.measured.update_spectrum.transpose("replicate", "direction").values
    return Spectrum(
        question=NEEDED,
        label=f"LoRA, rank {point.rank}, {point.teacher} target",
        values=np.pad(values, ((0, 0), (0, min(shape) - point.rank))),
        shape=shape,
    )
