"""Parameters of one point of the study ``lora/frames``."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, real, require, whole


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Random frames beside a base weight."""

    rows: int = whole("outputs D of the weight", at_least=2)
    columns: int = whole("inputs d of the weight", at_least=2)
    rank: int = whole("columns of the frames that are probed", at_least=1)
    other_rank: int = whole("columns of the frame that is compared with", at_least=1)
    base_norm: float = real("Frobenius norm of the base weight", at_least=1e-6, at_most=1e6)
    base_decay: float = real(
        "the base weight's singular values fall as i^-base_decay; 0 is flat",
        at_least=0,
        at_most=100,
        default=0.0,
    )
    draws: int = whole("of frames per replicate", at_least=2)

    def check(self) -> None:
        """Raise ``ParameterError`` with the value that no point can have."""
        smaller = min(self.rows, self.columns)
        require(self.rank <= smaller, f"rank must be at most {smaller}", self.rank)
        require(
            self.other_rank <= self.columns,
            f"other_rank must be at most columns = {self.columns}",
            self.other_rank,
        )

    def cost(self) -> Cost:
        """Estimate one replicate from the QR of its frames."""
        largest = max(self.rank, self.other_rank)
        frame = (self.rows + self.columns) * largest * (20 + largest)
        entries = 5 * (self.rows + self.columns) * largest
        return Cost(
            seconds=6e-10 * self.draws * frame + 0.002,
            memory_mb=150 + 8e-6 * entries,
            prediction_seconds=0.01,
        )
