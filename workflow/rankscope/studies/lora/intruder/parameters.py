"""Parameters of one point of the study ``lora/intruder``."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, real, require, whole

SPREAD = 8
"""The control of many directions spreads the same norm over this many times the rank."""
TUNED_DIRECTIONS = 10
"""Leading directions of the tuned weight that are searched for intruders."""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """An update in new directions, added to a Gaussian weight."""

    rows: int = whole("outputs D of the weight", at_least=1)
    columns: int = whole("inputs d of the weight", at_least=1)
    rank: int = whole("new directions of the update", at_least=1)
    spike: float = real("its singular values, in units of the noise", above=0, at_most=1e3)

    def check(self) -> None:
        """Raise ``ParameterError`` with the value that no point can have."""
        smaller = min(self.rows, self.columns)
        require(self.rank <= smaller, f"rank must be at most {smaller}", self.rank)

    @property
    def spread(self) -> int:
        """Directions of the control of many directions."""
        return min(SPREAD * self.rank, self.rows, self.columns)

    def cost(self) -> Cost:
        """Estimate one replicate from the decompositions of its dense weights."""
        sides = self.rows + self.columns
        entries = 6 * (self.rows**2 + self.columns**2) + 4 * self.rows * self.columns
        return Cost(
            seconds=4e-10 * sides**3 + 0.002,
            memory_mb=150 + 8e-6 * entries,
            prediction_seconds=0.01,
        )
