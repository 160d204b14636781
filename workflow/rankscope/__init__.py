"""rankscope: a study of rank in neural networks.

The package is the science and its bookkeeping; it knows nothing of Snakemake.
``numerics`` holds pure functions of arrays, ``studies`` one folder per study, and
the modules beside them turn a configuration into points, datasets and verdicts.
"""

from pathlib import Path
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    import xarray as xr


def load(folder: str | Path) -> "tuple[xr.Dataset, xr.Dataset]":
    """Load the collected results of a study.

    Args:
        folder: the study's results, for example ``"results/effective_dimension"``.

    Returns:
        The simulated and the predicted dataset, aligned along ``point``. A variable of the
        same name in both means "compare these".

    Raises:
        FileNotFoundError: if the study has not been run.
        rankscope.datasets.DamagedFileError: if a file cannot be read.
    """
    # imported here, so that planning a workflow does not wait for xarray
    from rankscope import datasets

    return (
        datasets.read(Path(folder) / "simulated.nc"),
        datasets.read(Path(folder) / "predicted.nc"),
    )
