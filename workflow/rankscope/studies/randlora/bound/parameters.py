"""Parameters of one test of theorem 4.1."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost
from rankscope.studies.randlora import fitting


@dataclass(frozen=True, kw_only=True)
class Parameters(fitting.Parameters):
    """Blocks of one kind of target, fitted one by one and jointly."""

    def cost(self) -> Cost:
        """Estimate one replicate from the linear systems of its blocks, and of all jointly."""
        seconds = self.sweeps * self.columns * (5e-6 + 5e-8 * self.bases() ** 2)
        count, inner = self.bases(), self.bases() * self.rank
        entries = 4 * count * self.rows * self.columns + 3 * (self.columns * count**2 + inner**2)
        return Cost(
            seconds=seconds + 0.002, memory_mb=150 + 8e-6 * entries, prediction_seconds=0.01
        )
