"""Risk of full least squares and of reduced-rank regression on finite samples."""

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.lora import spectral_laws
from rankscope.studies.lora.risk.parameters import Parameters


def predict(p: Parameters) -> xr.Dataset:
    """Return the risks for whitened Gaussian inputs and a target of unit norm.

    ``full_risk`` is exact: ``sigma^2 D d / (n - d - 1)``. ``risk_simple`` counts the
    parameters of a rank-``r`` matrix: ``tail + sigma^2 r (D + d - r) / (n - d - 1)``; it
    supposes that every fitted direction is one of the target's. ``risk`` follows each
    direction through the noise instead, see `_direction_risks`.
    """
    energy = spectral_laws.power_law(p.teacher_rank, p.decay)
    ranks = np.arange(min(p.rows, p.columns) + 1)
    variance = p.noise**2 / (p.samples - p.columns - 1)
    tails = spectral_laws.tails(energy, len(ranks) - 1)
    return xr.Dataset(
        {
            "full_risk": variable((), variance * p.rows * p.columns, "risk of least squares"),
            "risk_simple": variable(
                "fitted_rank",
                tails + variance * ranks * (p.rows + p.columns - ranks),
                "tail energy plus variance per parameter of a matrix of that rank",
            ),
            "risk": variable("fitted_rank", _asymptotic(p, energy), "asymptotic risk"),
        },
        coords={"fitted_rank": variable("fitted_rank", ranks, "rank of the regression")},
    )


def _asymptotic(p: Parameters, energy: np.ndarray) -> np.ndarray:
    """Add directions in the order in which the regression finds them.

    First come the target's directions above the noise's threshold, then the leading
    directions of the noise alone, which carry no signal and cost its largest values. Both
    live in what the ``k`` visible directions leave free, ``(D - k) x (d - k)``.
    """
    smaller, larger = sorted((p.rows, p.columns))
    spikes = np.sqrt(p.samples * energy) / p.noise / np.sqrt(larger)
    visible = spikes > (smaller / larger) ** 0.25
    count = int(visible.sum())
    free = (p.rows - count, p.columns - count)
    unit = p.noise**2 / (p.samples - p.columns - 1)
    gains = _direction_risks(p, energy[visible], free) + unit * count
    costs = unit * spectral_laws.noise(free)
    return np.sum(energy) + np.concatenate([[0.0], np.cumsum(np.concatenate([gains, costs]))])


def _direction_risks(p: Parameters, energy: np.ndarray, free: tuple[int, int]) -> np.ndarray:
    """Return how fitting each visible direction changes the risk.

    The fitted direction ``u_hat y v_hat`` (in noise units) holds a share ``c_L^2`` of the
    target's energy; what it adds beyond that is noise. The noise's part across the target's
    input direction is amplified by the inverse sample covariance, ``n / (n - d - 1)``, the
    part along it is not. Derived in the documentation.
    """
    smaller, larger = sorted(free)
    spikes = np.sqrt(p.samples * energy) / p.noise / np.sqrt(larger)
    value, small_side, large_side = spectral_laws.spiked(spikes, smaller / larger)
    left, right = (small_side, large_side) if p.rows <= p.columns else (large_side, small_side)
    unit = p.noise**2 * larger
    across = unit * value**2 * (1 - right) / (p.samples - p.columns - 1)
    along = unit * (value * np.sqrt(right) - spikes * np.sqrt(left)) ** 2 / p.samples
    return across + along - energy * left
