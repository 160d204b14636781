"""The spectra of fine-tuned updates, for the page across the papers."""

import numpy as np
import xarray as xr

from rankscope.comparison.ranks import NEEDED, Spectrum

METHODS = {"full": "full fine-tuning", "lora": "LoRA", "randlora": "RandLoRA", "vera": "VeRA"}
ATTENTION = ("q", "k", "v", "o")
"""Targets whose matrices are square."""


def spectra(simulated: xr.Dataset, predicted: xr.Dataset) -> list[Spectrum]:
    """Return spectra of the attention matrices' updates, one per method.

    Of a method's runs at the first point that has full fine-tuning, the one of the largest
    rank is taken.
    """
    del predicted
    for index in range(simulated.sizes["point"]):
        point = simulated.isel(point=index)
        runs = [str(name) for name in _names(point, "run")]
        if "full" in runs:
            return [_update(point, name) for name in _largest(runs)]
    return []


def _names(point: xr.Dataset, dim: str) -> np.ndarray:
    """Return the labels of a dimension, which may differ between points."""
    return point[f"{dim}_of_point" if f"{dim}_of_point" in point else dim].values


def _largest(runs: list[str]) -> list[str]:
    """Return the run of the largest rank of each method; a run is called ``method-rank``."""
    best: dict[str, str] = {}
    for run in runs:
        method, _, rank = run.partition("-")
        plain = method in METHODS and (rank.isdigit() or not rank)
        if plain and int(rank or 0) >= int(best.get(method, "").partition("-")[2] or 0):
            best[method] = run
    return [best[method] for method in METHODS if method in best]


def _update(point: xr.Dataset, run: str) -> Spectrum:
    method, _, rank = run.partition("-")
    row = [str(name) for name in _names(point, "run")].index(run)
    square = [
        position
        for position, name in enumerate(_names(point, "matrix"))
        if str(name).split(".")[-1] in ATTENTION
    ]
    values = point.singular_value.transpose("replicate", "run", "matrix", "index").values
    values = np.nan_to_num(values[:, row, square]).reshape(-1, values.shape[-1])
    size = values.shape[-1]
    return Spectrum(
        question=NEEDED,
        label=f"MiniLM, {METHODS[method]}{f' ({rank})' if rank else ''}",
        values=values[values.any(axis=1)],
        shape=(size, size),
    )
