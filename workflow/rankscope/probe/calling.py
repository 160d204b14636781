"""The probe as a function of paths, which ``rankscope.probe`` is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from rankscope.probe import adapter as adapters
from rankscope.probe import base as bases
from rankscope.probe import measure, probing


def probe(
    adapter: str | Path,
    base: str | Path | None = None,
    *others: str | Path,
    modules: Sequence[str] = (),
    **settings: Any,
) -> xr.Dataset:
    """Probe a saved adapter; the arguments are those of `rankscope.probe`."""
    return probing.probe(
        adapters.read(Path(adapter)),
        None if base is None else bases.BaseModel(Path(base)),
        *(adapters.read(Path(other)) for other in others),
        settings=measure.Settings(**settings),
        seeds=np.random.SeedSequence(0).spawn(4),
        patterns=modules,
    )
