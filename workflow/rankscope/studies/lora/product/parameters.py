"""Parameters of a linear network with low-rank updates."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, require, whole


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """One linear network whose layers get updates of one rank."""

    width: int = whole("inputs and outputs d of every layer", at_least=1)
    rank: int = whole("R of every layer's update", at_least=1)
    depth: int = whole("layers L", at_least=1)
    starts: int = whole("random starts of the search, of which the best counts", at_least=1)

    def check(self) -> None:
        """Refuse updates that reach every target."""
        require(
            self.depth * self.rank < self.width,
            f"depth * rank must be below width = {self.width}",
            self.depth * self.rank,
        )

    def cost(self) -> Cost:
        """Estimate one replicate from its searches."""
        seconds = 0.03 * self.starts * self.depth * (self.depth > 1) + 0.006
        # layers, partial products and slopes; factors, twenty of which L-BFGS remembers
        entries = 6 * self.depth * self.width * (self.width + 8 * self.rank) + 4 * self.width**2
        return Cost(seconds=seconds, memory_mb=150 + 8e-6 * entries, prediction_seconds=0.01)
