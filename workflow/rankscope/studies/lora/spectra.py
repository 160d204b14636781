"""The spectra of trained adapters, for the page across the papers."""

import numpy as np
import xarray as xr

from rankscope.comparison.ranks import NEEDED, Spectrum

TARGETS = ("flat", "power", "gaussian")


def spectra(simulated: xr.Dataset, predicted: xr.Dataset) -> list[Spectrum]:
    """Return spectra of adapters of the largest rank, trained towards each kind of target."""
    del predicted
    trained = (simulated.experiment.values == "teacher") & (simulated.input_decay.values == 0)
    found = []
    for target in TARGETS:
        chosen = np.flatnonzero(trained & (simulated.teacher.values == target))
        if len(chosen):
            point = simulated.isel(point=int(chosen[np.argmax(simulated["rank"].values[chosen])]))
            found.append(_adapter(point, target))
    return found


def _adapter(point: xr.Dataset, target: str) -> Spectrum:
    rank, shape = int(point["rank"]), (int(point.rows), int(point.columns))
    values = point.update_spectrum.transpose("replicate", "direction").values[:, :rank]
    return Spectrum(
        question=NEEDED,
        label=f"LoRA, rank {rank}, {target} target",
        values=np.pad(values, ((0, 0), (0, min(shape) - rank))),
        shape=shape,
    )
