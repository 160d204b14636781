"""Parameters of one count of trained numbers."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, require, whole


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """RandLoRA and LoRA on one weight."""

    rows: int = whole("outputs D of the weight, at least columns", at_least=1)
    columns: int = whole("inputs d of the weight", at_least=1)
    rank: int = whole("rank r of RandLoRA's bases", at_least=1)
    other_rank: int = whole("LoRA's rank", at_least=1)

    def check(self) -> None:
        """Refuse shapes that do not go together."""
        require(
            self.columns <= self.rows, f"columns must be at most rows = {self.rows}", self.columns
        )
        require(
            self.rank <= self.columns, f"rank must be at most columns = {self.columns}", self.rank
        )

    def cost(self) -> Cost:
        """Nothing is computed; the bases are reserved and never filled."""
        bases = -(-self.columns // self.rank) * self.rank * (self.rows + self.columns)
        adapters = (self.rows + self.columns) * self.other_rank
        return Cost(
            seconds=0.006, memory_mb=150 + 8e-6 * (bases + adapters), prediction_seconds=0.01
        )
