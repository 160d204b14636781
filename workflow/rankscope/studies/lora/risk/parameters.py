"""Parameters of one regression problem with noise."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, real, require, whole


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Noisy samples of one linear map of known rank."""

    rows: int = whole("outputs D of the weight", at_least=1)
    columns: int = whole("inputs d of the weight", at_least=1)
    teacher_rank: int = whole("rank k of the true weight", at_least=1)
    decay: float = real(
        "exponent of the true weight's singular values; 0 is flat", at_least=0, default=0.0
    )
    samples: int = whole("size n of the training set", at_least=1)
    noise: float = real(
        "standard deviation sigma of the outputs' noise, far above rounding",
        at_least=1e-6,
        at_most=1e6,
    )

    def check(self) -> None:
        """Refuse a true weight of full rank, and too few samples for least squares."""
        full = min(self.rows, self.columns)
        require(self.teacher_rank < full, f"teacher_rank must be below {full}", self.teacher_rank)
        require(
            self.samples > self.columns + 1,
            f"samples must exceed columns + 1 = {self.columns + 1}",
            self.samples,
        )

    def cost(self) -> Cost:
        """Estimate one replicate from its decompositions; memory from samples, fit and truth."""
        sides = self.rows + self.columns
        seconds = 3e-8 * sides**2 + 1e-9 * self.samples * sides * self.columns
        entries = 3 * (self.samples * sides + self.rows * self.columns)
        return Cost(
            seconds=seconds + 0.002, memory_mb=150 + 8e-6 * entries, prediction_seconds=0.01
        )
