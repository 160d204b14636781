"""One figure."""

import matplotlib.pyplot as plt
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure


def ends(simulated: xr.Dataset, predicted: xr.Dataset, verdicts: pd.DataFrame) -> Figure:
    """Mean end of the walks, by point."""
    figure, axes = plt.subplots()
    axes.plot(simulated.end.mean(("replicate", "item")), "o")
    axes.set(xlabel="point", ylabel="mean end")
    return figure
