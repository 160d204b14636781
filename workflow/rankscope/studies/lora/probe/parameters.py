"""Parameters of one point of the study ``lora/probe``."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, one_of, real, require, whole


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Adapters of two ranks, trained on samples of one known update, and probed."""

    rows: int = whole("outputs D of the weight", at_least=2)
    columns: int = whole("inputs d of the weight", at_least=2)
    rank: int = whole("of the smaller adapter", at_least=1)
    other_rank: int = whole("of the larger adapter", at_least=2)
    teacher_rank: int = whole("non-zero singular values of the true update", at_least=1)
    decay: float = real("its singular values fall as i^-decay; 0 is flat", at_least=0)
    base: str = one_of(
        "singular directions of the base weight in which the true update lies",
        *("independent", "leading", "trailing"),
    )
    input_decay: float = real(
        "the inputs' variances fall as i^-input_decay along the base weight's right singular "
        "directions; 0 is isotropic",
        at_least=0,
        default=0.0,
    )
    samples: int = whole("size of the training set", at_least=1)
    noise: float = real("standard deviation of the outputs' noise", at_least=0, at_most=1e3)
    optimiser: str = one_of("of the training", "sgd", "adam")
    learning_rate: float = real("at the start of training", above=0)
    steps: int = whole("of training", at_least=1)
    batch_size: int = whole("inputs per step", at_least=1)

    def check(self) -> None:
        """Raise ``ParameterError`` with the value that no point can have."""
        smaller = min(self.rows, self.columns)
        require(
            self.rank < self.other_rank <= smaller,
            f"other_rank must be above rank and at most {smaller}",
            self.other_rank,
        )
        require(
            2 * self.teacher_rank <= smaller,
            f"teacher_rank must be at most {smaller // 2}",
            self.teacher_rank,
        )

    def cost(self) -> Cost:
        """Estimate one replicate from five trainings and the base weight's frames."""
        sides = self.rows + self.columns
        # samples; base weight and its frames; adapters; batches
        entries = 3 * self.samples * sides + 3 * self.rows * self.columns
        entries += 2 * sides * (min(self.rows, self.columns) + 4 * self.other_rank)
        entries += self.batch_size * (2 * self.steps + 4 * sides)
        return Cost(
            seconds=5e-4 * self.steps + 1e-9 * sides**3 + 0.002,
            memory_mb=150 + 8e-6 * entries,
            prediction_seconds=0.01,
            replicate_kb=0.5 + 8e-3 * self.other_rank * (2 * self.rank + self.other_rank),
        )
