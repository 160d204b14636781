"""The origin of a point's file: a hash of all that its content depends on."""

import functools
import hashlib

from rankscope.planning import parameters, code as sources, study
from rankscope.planning.configuration import STAGES, Configuration, Point


def origin(config: Configuration, stage: str, point: Point) -> str:
    """Return the hash of code, seed and parameters; not of the number of replicates."""
    code = _code(study.module_name(point.study, STAGES[stage]))
    text = f"{code}|{config.seed}|{point.study}|{parameters.canonical(point.parameters)}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


_code = functools.cache(sources.code_hash)
