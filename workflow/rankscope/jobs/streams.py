"""Random streams: one per replicate, keyed by seed, study and point values."""

import hashlib
from typing import Any

import numpy as np

from rankscope.planning import parameters as _parameters


def streams(
    seed: int,
    study: str,
    parameters: Any,  # noqa: ANN401
    first: int,
    last: int,
) -> list[np.random.SeedSequence]:
    """Return the streams of replicates ``first`` to ``last - 1`` of a point.

    A stream depends on the seed, the study's name, all values of the point and the
    replicate's index; neither on other points, nor on how many replicates there are, nor on
    how they are batched.

    Args:
        seed: the seed of the configuration.
        study: the study's name.
        parameters: the point's ``Parameters``.
        first: index of the first replicate, from 0.
        last: index after the last replicate.

    Returns:
        ``last - first`` seed sequences; a replicate may ``spawn`` as many as it needs.
    """
    text = f"{study}|{_parameters.canonical(parameters)}"
    words = np.frombuffer(hashlib.sha256(text.encode()).digest(), dtype="<u4")
    entropy = [seed, *(int(word) for word in words)]
    return [np.random.SeedSequence(entropy, spawn_key=(index,)) for index in range(first, last)]
