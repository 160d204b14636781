"""One claim: the mean of a walk is near zero."""

import xarray as xr

from rankscope.evidence import verdicts


def _evidence(simulated: xr.Dataset, predicted: xr.Dataset) -> verdicts.Evidence:
    mean, error = verdicts.mean_and_error(simulated.end.mean("item"))
    return verdicts.Evidence(
        point=list(simulated.point.values),
        estimate=mean.values,
        error=error.values,
        freedom=simulated.sizes["replicate"] - 1,
        lower=-2.0,
        upper=2.0,
    )


CLAIMS = (
    verdicts.Claim(
        name="walks-are-centred",
        statement="The mean of a walk is zero.",
        source="derived here",
        scope="all points",
        basis="derived here",
        estimate="mean end",
        evidence=_evidence,
    ),
)
