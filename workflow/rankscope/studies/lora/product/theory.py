"""The rank that updates of several layers give a product."""

import xarray as xr

from rankscope.datasets import variable
from rankscope.studies.lora.product.parameters import Parameters


def predict(p: Parameters) -> xr.Dataset:
    """Return the rank that ``L`` updates of rank ``R`` give the product: ``L R``."""
    return xr.Dataset(
        {"product_rank": variable((), p.depth * p.rank, "rank of the product's best update")}
    )
