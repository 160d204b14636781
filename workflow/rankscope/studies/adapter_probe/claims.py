"""What saved adapters are tested for."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.verdicts import Claim, Evidence

LORA = "Hu et al., arXiv 2106.09685"
# Half a direction of ten is the least difference of intruders worth a claim.
COUNT = 0.5
SCOPE = "the adapters of the configuration; errors are over an adapter's matrices"


def amplifies(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare the alignment at the most probed directions an adapter has with chance."""
    rows = []
    for name, point in _points(simulated):
        values = point.alignment.transpose("matrix", "probed_rank").values
        filled = np.isfinite(values).any(axis=0)
        if filled.any():
            place = int(np.flatnonzero(filled)[-1])
            chance = float(
                predicted.alignment.isel(point=0, probed_rank=place, missing_dims="ignore")
            )
            rows.append((name, values[:, place] - chance))
    return _evidence(rows, 0.0, np.inf)


def intruders(simulated: xr.Dataset, predicted: xr.Dataset) -> Evidence:
    """Compare counts of intruders with those of random directions."""
    rows = []
    for name, point in _points(simulated):
        control = point.intruder_count_control.mean("replicate")
        rows.append((name, (point.intruder_count - control).values))
    return _evidence(rows, -COUNT, COUNT)


def _points(simulated: xr.Dataset) -> Iterator[tuple[str, xr.Dataset]]:
    for index, name in enumerate(simulated.point.values):
        yield str(name), simulated.isel(point=index)


def _evidence(rows: list[tuple[str, np.ndarray]], lower: float, upper: float) -> Evidence:
    found = [(name, values[np.isfinite(values)]) for name, values in rows]
    found = [(name, values) for name, values in found if len(values) > 1]
    return Evidence(
        point=[name for name, _ in found],
        estimate=np.array([values.mean() for _, values in found]),
        error=np.array([values.std(ddof=1) / np.sqrt(len(values)) for _, values in found]),
        freedom=np.array([len(values) - 1.0 for _, values in found]),
        lower=lower,
        upper=upper,
        null=0.0,
    )


CLAIMS = (
    Claim(
        name="Amplification: the update's directions carry base weight",
        statement="The base weight has more in the update's directions than in random ones.",
        source=f"{LORA}, section 7.3 and table 7",
        scope=SCOPE,
        basis="full text",
        estimate="alignment minus that of random directions, mean over matrices",
        null="random directions",
        figure="alignment",
        evidence=amplifies,
    ),
    Claim(
        name="Intruders: those of random directions",
        statement="An adapter has as many intruders as an update of its singular values in "
        "random directions, to within half a direction.",
        source="derived here",
        scope=SCOPE,
        basis="derived here",
        estimate="count minus that of the controls, mean over matrices",
        null="random directions",
        figure="intruder_counts",
        evidence=intruders,
    ),
)
