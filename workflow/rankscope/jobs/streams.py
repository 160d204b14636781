"""Random streams: one per replicate, keyed by seed, study and point values."""

import dataclasses
import hashlib
import json
from typing import Any

import numpy as np


def canonical(parameters: Any) -> str:  # noqa: ANN401 - any study's Parameters
    """Return the one text that stands for a point's values, without those at their default.

    Random streams and finished work are keyed by it, so that a new field with a neutral
    default changes neither.
    """
    values = {
        field.name: getattr(parameters, field.name)
        for field in dataclasses.fields(parameters)
        if field.default is dataclasses.MISSING or getattr(parameters, field.name) != field.default
    }
    return json.dumps(values, sort_keys=True)


def streams(
    seed: int,
    study: str,
    parameters: Any,  # noqa: ANN401
    first: int,
    last: int,
) -> list[np.random.SeedSequence]:
    """Return the streams of replicates ``first`` to ``last - 1`` of a point.

    A stream depends on the seed, the study's name, the values of the point that are not at
    their default and the replicate's index; neither on other points, nor on how many
    replicates there are, nor on how they are batched.

    Args:
        seed: the seed of the configuration.
        study: the study's name.
        parameters: the point's ``Parameters``.
        first: index of the first replicate, from 0.
        last: index after the last replicate.

    Returns:
        ``last - first`` seed sequences; a replicate may ``spawn`` as many as it needs.
    """
    text = f"{study}|{canonical(parameters)}"
    words = np.frombuffer(hashlib.sha256(text.encode()).digest(), dtype="<u4")
    entropy = [seed, *(int(word) for word in words)]
    return [np.random.SeedSequence(entropy, spawn_key=(index,)) for index in range(first, last)]
