"""Parameters of one adapter whose pace is measured."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, one_of, real, require, whole


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """One adapter, one optimiser and one scaling, at a range of learning rates."""

    rows: int = whole("outputs D of the weight", at_least=1)
    columns: int = whole("inputs d of the weight", at_least=1)
    rank: int = whole("r of the adapter", at_least=1)
    teacher_rank: int = whole("rank k of the true update", at_least=1)
    optimiser: str = one_of("what trains the adapter", "sgd", "adam")
    scaling: str = one_of("rank: alpha / r; root-rank: alpha / sqrt(r)", "rank", "root-rank")
    alpha: float = real("LoRA's alpha", above=0, at_most=1e6)
    learning_rate: float = real(
        "of the first step, and the middle of those tried", above=0, at_most=1e6
    )
    steps: int = whole("the most steps of training", at_least=1)
    draws: int = whole("targets and starts that the first step is averaged over", at_least=1)

    def check(self) -> None:
        """Refuse ranks above the weight's."""
        full = min(self.rows, self.columns)
        for name in ("rank", "teacher_rank"):
            value = getattr(self, name)
            require(value <= full, f"{name} must be at most {full}", value)

    def cost(self) -> Cost:
        """Estimate one replicate from its steps, of which few reach the most."""
        seconds = 6e-8 * self.steps * (self.rows + self.columns) * self.rank + 1e-4 * self.draws
        # seventeen adapters at a time, and targets and starts of eight replicates
        entries = (self.rows + self.columns) * (120 * self.rank + 24 * self.teacher_rank)
        return Cost(
            seconds=seconds + 0.002, memory_mb=150 + 8e-6 * entries, prediction_seconds=0.01
        )
