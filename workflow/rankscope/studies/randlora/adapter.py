"""Parameters that every RandLoRA update has: the weight's shape and the random bases."""

from dataclasses import dataclass

from rankscope.planning.parameters import one_of, real, require, whole


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """A RandLoRA update of one weight."""

    rows: int = whole("outputs D of the weight, at least columns", at_least=1)
    columns: int = whole("inputs d of the weight", at_least=1)
    rank: int = whole("rank r of the bases", at_least=1)
    distribution: str = one_of(
        "entries of the bases", "uniform", "normal", "binary", "ternary", default="normal"
    )
    sparsity: float = real(
        "share of zeros of the bases, 1 - 2/s if they are ternary and 0 if they are not",
        at_least=0,
        below=1,
        default=0.0,
    )

    def check(self) -> None:
        """Refuse shapes and bases that do not go together."""
        require(
            self.columns <= self.rows, f"columns must be at most rows = {self.rows}", self.columns
        )
        require(
            self.rank <= self.columns, f"rank must be at most columns = {self.columns}", self.rank
        )
        require(
            self.distribution == "ternary" or self.sparsity == 0,
            f"sparsity must be 0 for {self.distribution} bases",
            self.sparsity,
        )

    def bases(self) -> int:
        """Return ``n = ceil(d / r)``."""
        return -(-self.columns // self.rank)

    def trained_parameters(self) -> int:
        """Return ``P = n (d + r)``, the budget that every adapter is given."""
        return self.bases() * (self.columns + self.rank)
