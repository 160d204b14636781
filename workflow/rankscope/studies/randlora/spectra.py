"""The spectra of RandLoRA updates, for the page across the papers."""

import numpy as np
import xarray as xr

from rankscope.comparison.ranks import NEEDED, Spectrum


def spectra(simulated: xr.Dataset, predicted: xr.Dataset) -> list[Spectrum]:
    """Return spectra of random updates, with diagonals at their start and spread out."""
    del predicted
    update = simulated.experiment.values == "update"
    update &= simulated.distribution.values == "normal"
    spread, size = simulated.gamma_spread.values, simulated.columns.values
    found = []
    for label, chosen in (
        ("RandLoRA, equal diagonals", update & (spread == 0)),
        ("RandLoRA, random diagonals", update & (spread > 0)),
    ):
        if chosen.any():
            point = simulated.isel(point=int(np.argmax(np.where(chosen, size, -1))))
            columns = int(point.columns)
            values = point.spectrum.transpose("replicate", "direction").values[:, :columns]
            shape = (int(point.rows), columns)
            found.append(Spectrum(question=NEEDED, label=label, values=values, shape=shape))
    return found
