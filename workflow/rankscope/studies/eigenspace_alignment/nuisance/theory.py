"""At which variance of the nuisance direction its eigenvalue passes those of the means.

The classifier's weights have no part along ``e``: the gradient there vanishes with it. A sample's
weight ``h`` in a class block is then independent of its coordinate along ``e``, and the population
block has the eigenvalue ``E[h] s / lambda`` for ``e``, with ``s`` the ratio of variances, beside
those of ``E[h v v^T]`` on the span of weights and means. They cross where these are equal. Closed
forms without noise are in docs.
"""

import numpy as np
import xarray as xr
from scipy import special

from rankscope.datasets import variable
from rankscope.studies.eigenspace_alignment.effective_spectrum import spectrum
from rankscope.studies.eigenspace_alignment.nodes import normal_nodes, root
from rankscope.studies.eigenspace_alignment.nuisance.parameters import Parameters
from rankscope.studies.eigenspace_alignment.softmax_dynamics import trajectory

LOG2_NODES = 11
BLOCK = ("matrix",)
_LABELS = {
    "crossing_leading": "ratio of variances at which E_k leaves the means",
    "crossing_first": "ratio of variances at which E_1 leaves the means",
    "edge": "upper edge of the bulk",
    "smallest_cosine": "smallest cosine between E_k and the span of the means",
    "nuisance_in_leading": "share rho(e, E_k) of the nuisance direction",
    "nuisance_in_first": "share rho(e, E_1) of the nuisance direction",
}


def predict(parameters: Parameters) -> xr.Dataset:
    """Predict the class blocks at the end; classes are exchangeable."""
    p, k = parameters, parameters.classes
    gram, times = np.eye(k), np.array([0.0, p.duration])
    overlaps = trajectory(gram, p.snr, p.ridge, p.step_scale, times, np.eye(k))
    mean, weight = overlaps.mean[-1], overlaps.weight[-1]
    noise = normal_nodes(2 * k + 1, LOG2_NODES) / np.sqrt(p.snr)
    plain = np.concatenate([noise + np.pad(mu, (0, k + 1)) for mu in gram])
    vectors = np.concatenate([mean, root(weight - mean @ mean.T)], axis=1)
    probability = special.softmax(plain[:, :-1] @ vectors.T, axis=1)[:, 0]
    own = np.repeat(gram[0], len(noise))
    stretched = plain * np.append(np.ones(2 * k), np.sqrt(p.nuisance_ratio))
    found = [
        _block(p, h, plain[:, :-1], stretched)
        for h in (probability * (1 - probability), (probability - own) ** 2)
    ]
    return xr.Dataset(
        {
            name: variable(BLOCK, np.array([one[name] for one in found]), text)
            for name, text in _LABELS.items()
        },
        {"matrix": variable("matrix", ["hessian", "g"], "Hessian, or second moment of gradients")},
    )


def _block(
    p: Parameters, h: np.ndarray, plain: np.ndarray, stretched: np.ndarray
) -> dict[str, float]:
    k = p.classes
    levels = np.linalg.eigvalsh((plain.T * h) @ plain / len(h))[::-1]
    ratios = p.snr * levels / h.mean()
    effective = spectrum(h, stretched, p.snr, p.samples_per_dimension, k + 1)
    along = effective.vectors[-1]
    return {
        "crossing_leading": float(ratios[k - 1]),
        "crossing_first": float(ratios[0]),
        "edge": effective.edge,
        "smallest_cosine": effective.smallest_cosine(k, k),
        "nuisance_in_leading": float(np.linalg.norm(along[:k])),
        "nuisance_in_first": float(np.abs(along[:1]).sum()),
    }
