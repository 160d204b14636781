"""Parameters of one count of linearly dependent pairs."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, real, whole


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Pairs of random ternary vectors."""

    columns: int = whole("length d of the vectors", at_least=1)
    sparsity: float = real("share of zeros of the entries, 1 - 2/s", at_least=0, below=1)
    draws: int = whole("pairs of vectors per replicate", at_least=1)

    def cost(self) -> Cost:
        """Estimate one replicate from the entries that are drawn."""
        entries = self.draws * self.columns
        return Cost(
            seconds=4e-8 * entries + 0.002, memory_mb=130 + 3e-5 * entries, prediction_seconds=0.01
        )
