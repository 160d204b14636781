"""Parameters of a sum of matrices of rank one."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, whole


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """A sum of matrices of rank one."""

    size: int = whole("rows and columns of each term", at_least=1)
    terms: int = whole("number of terms", at_least=1)

    def cost(self) -> Cost:
        """Return what a replicate takes."""
        return Cost(seconds=1e-3)
