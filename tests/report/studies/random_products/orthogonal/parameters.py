"""Parameters of a product of orthogonal matrices."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, whole


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """A product of square matrices."""

    size: int = whole("rows and columns of each factor", at_least=1)
    depth: int = whole("number of factors", at_least=1)

    def cost(self) -> Cost:
        """Return what a replicate takes."""
        return Cost(seconds=1e-3)
