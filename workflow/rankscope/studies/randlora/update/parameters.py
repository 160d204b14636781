"""Parameters of one kind of random update."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, real, whole
from rankscope.studies.randlora import adapter


@dataclass(frozen=True, kw_only=True)
class Parameters(adapter.Parameters):
    """Random updates of one kind."""

    gamma_spread: float = real(
        "standard deviation of the Gamma_j about one; 0 is the initialisation",
        at_least=0,
        at_most=1e6,
    )
    draws: int = whole("updates per replicate", at_least=1)

    def cost(self) -> Cost:
        """Estimate one replicate from its singular value decompositions."""
        seconds = 4e-10 * self.draws * self.rows * self.columns**2
        # the bases, which are factors of the update, and its decomposition
        inner = self.bases() * self.rank
        entries = 5 * inner * (self.rows + self.columns) + 4 * self.rows * self.columns
        return Cost(
            seconds=seconds + 0.002, memory_mb=150 + 8e-6 * entries, prediction_seconds=0.01
        )
