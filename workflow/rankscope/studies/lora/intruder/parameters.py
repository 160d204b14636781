"""Parameters of one point of the study ``lora/intruder``."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, real, require, whole


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """An update in new directions, added to a Gaussian weight."""

    rows: int = whole("outputs D of the weight", at_least=1)
    columns: int = whole("inputs d of the weight", at_least=1)
    rank: int = whole("new directions of the update", at_least=1)
    spike: float = real("its singular values, in units of the noise", above=0, at_most=1e3)
    draws: int = whole("of weight and update per replicate", at_least=1)

    def check(self) -> None:
        """Raise ``ParameterError`` with the value that no point can have."""
        smaller = min(self.rows, self.columns)
        require(self.rank <= smaller, f"rank must be at most {smaller}", self.rank)

    def cost(self) -> Cost:
        """Estimate one replicate from the decompositions of its dense weights."""
        sides = self.rows + self.columns
        return Cost(seconds=3e-9 * self.draws * sides**3 + 0.002, prediction_seconds=0.1)
