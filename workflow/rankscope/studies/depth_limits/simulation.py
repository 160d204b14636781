"""Draw networks, and measure the rank of their features at every layer."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rankscope.datasets import variable
from rankscope.numerics import batch_geometry, random_features
from rankscope.studies.depth_limits.parameters import Parameters

LABELS = {
    "centred_participation_ratio": "participation ratio of unit-length, batch-centred features",
    "participation_ratio": "participation ratio of the features",
    "cosine": "mean cosine over pairs of inputs",
    "dead_inputs": "inputs whose features all vanish, which the ranks and the cosine leave out",
}


def simulate(parameters: Parameters, streams: Sequence[np.random.SeedSequence]) -> xr.Dataset:
    """Simulate one network per stream; variables have dimensions ``replicate`` and ``layer``."""
    networks = [_network(parameters, np.random.default_rng(stream)) for stream in streams]
    measured = {
        name: variable(("replicate", "layer"), np.stack([one[name] for one in networks]), text)
        for name, text in LABELS.items()
    }
    layers = np.arange(1, parameters.depth + 1)
    return xr.Dataset(measured, {"layer": variable("layer", layers, "layer or block")})


def _network(p: Parameters, generator: np.random.Generator) -> dict[str, np.ndarray]:
    layers = random_features.layers(
        np.sqrt(p.batch_size) * np.eye(p.batch_size),
        p.activation,
        p.width,
        p.depth,
        generator,
        layer_norm=p.architecture == "layer-norm",
        batch_norm=p.architecture == "batch-norm",
        branch=p.branch,
    )
    gram = np.stack([features @ features.T for features in layers])
    cosine = batch_geometry.cosines(gram)
    return {
        "centred_participation_ratio": batch_geometry.participation_ratio(
            batch_geometry.centred(cosine)
        ),
        "participation_ratio": batch_geometry.participation_ratio(gram),
        "cosine": batch_geometry.mean_cosine(cosine),
        "dead_inputs": np.count_nonzero(np.diagonal(gram, axis1=1, axis2=2) == 0, axis=1),
    }
