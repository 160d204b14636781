"""The spectrum of what a classifier's training spends rank on, for the page across the papers."""

import numpy as np

from rankscope.comparison.ranks import SPENT, Spectrum
from rankscope.evidence.results import Results
from rankscope.studies.eigenspace_alignment.mixture.selection import trained

WHEN = {"at the start": 0, "after training": -1}


def spectra(results: Results) -> list[Spectrum]:
    """Return spectra of the weights with most classes, in high dimension and at least noise."""
    chosen = results.where(trained, start="gaussian", means="orthonormal", samples="test")
    if not len(chosen):
        return []
    point = max(chosen, key=lambda point: (point.classes, point.snr, point.dimension))
    gram = point.measured.weight_gram.isel(run=0).transpose("replicate", "checkpoint", ...)
    values = np.linalg.eigvalsh(gram.values)[..., ::-1].clip(min=0)
    return [
        Spectrum(
            question=SPENT,
            label=f"Classifier weights {when}",
            values=np.sqrt(values[:, time]),
            shape=(point.classes, point.dimension),
        )
        for when, time in WHEN.items()
    ]
