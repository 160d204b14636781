"""Parameters of an adapter trained towards a known update."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, one_of, real, require, whole


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """One adapter trained towards a known update."""

    rows: int = whole("outputs D of the weight", at_least=1)
    columns: int = whole("inputs d of the weight", at_least=1)
    rank: int = whole("of the adapter", at_least=1)
    teacher: str = one_of("spectrum of the true update", "flat", "power", "gaussian")
    teacher_rank: int = whole(
        "singular values of the true update above 0; all if it is Gaussian", at_least=1
    )
    decay: float = real(
        "exponent of the true update's power law; 0 if it has none", at_least=0, default=0.0
    )
    input_decay: float = real(
        "inputs' variances fall as i^-input_decay; 0 is isotropic", at_least=0, default=0.0
    )
    optimiser: str = one_of("what trains the adapter", "sgd", "adam")
    learning_rate: float = real("at the start of training", above=0)
    steps: int = whole("of training", at_least=1)
    batch_size: int = whole("inputs per step", at_least=1)

    def check(self) -> None:
        """Refuse ranks above the weight's, and teachers that their spectrum does not allow."""
        full = min(self.rows, self.columns)
        for name in ("rank", "teacher_rank"):
            value = getattr(self, name)
            require(value <= full, f"{name} must be at most {full}", value)
        require(
            self.teacher != "gaussian" or self.teacher_rank == full,
            f"teacher_rank must be {full} for a gaussian teacher",
            self.teacher_rank,
        )
        require(
            self.teacher == "power" or self.decay == 0,
            f"decay must be 0 for a {self.teacher} teacher",
            self.decay,
        )

    def cost(self) -> Cost:
        """Estimate one replicate from its steps of training."""
        # eight replicates at a time: factors and their moments, targets, a batch
        sides = self.rows + self.columns
        entries = 8 * (sides * (8 * self.rank + 4 * self.teacher_rank))
        entries += 8 * 3 * self.batch_size * self.columns
        return Cost(
            seconds=7e-5 * self.steps + 0.002,
            memory_mb=150 + 8e-6 * entries,
            prediction_seconds=0.01,
        )
