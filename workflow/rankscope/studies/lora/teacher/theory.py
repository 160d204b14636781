"""The error of the best update of each rank (Eckart and Young)."""

import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.lora import spectral_laws
from rankscope.studies.lora.teacher.parameters import Parameters


def predict(p: Parameters) -> xr.Dataset:
    """Return the tails of the teacher's squared singular values.

    With anisotropic inputs the optimum depends on how the teacher's directions lie to those of
    the inputs, and only the mean error of the optimum for isotropic inputs is known: as the
    directions are uniform, it is the same tail.
    """
    if p.teacher == "gaussian":
        energies = spectral_laws.noise((p.rows, p.columns))
    else:
        energies = spectral_laws.power_law(p.teacher_rank, p.decay)
    tails = spectral_laws.tails(energies, p.rank)
    predicted = xr.Dataset(
        {
            "weight_optimum_error": variable(
                (), tails[-1], "mean error of the truncated SVD of the true update / of no update"
            )
        }
    )
    if p.input_decay > 0:
        return predicted
    return predicted.assign(
        best_error=variable((), tails[-1], "Eckart-Young error at the adapter's rank"),
        truncation_error=variable("kept", tails, "Eckart-Young error at each rank"),
    ).assign_coords(kept=variable("kept", range(p.rank + 1), "number of directions kept"))
