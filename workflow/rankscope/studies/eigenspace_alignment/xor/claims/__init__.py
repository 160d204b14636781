"""The claims on the two-layer network: its last layer, its first layer, and the theorems."""

from rankscope.studies.eigenspace_alignment.xor.claims import (
    first_layer,
    last_layer,
    orders,
    theorems,
)

__all__ = ["first_layer", "last_layer", "orders", "theorems"]
