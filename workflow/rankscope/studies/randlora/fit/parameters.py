"""Parameters of one comparison of adapters on one kind of target."""

import math
from dataclasses import dataclass

from rankscope.planning.parameters import Cost, one_of, real, require
from rankscope.studies.randlora import fitting

DECADES = 8
"""Of the inputs' variances: least squares squares them, and rounding leaves sixteen."""


@dataclass(frozen=True, kw_only=True)
class Parameters(fitting.Parameters):
    """Adapters of equal parameters on one kind of target."""

    input_decay: float = real(
        "inputs' variances fall as i^-input_decay; 0 is weight space", at_least=0, default=0.0
    )
    methods: str = one_of("which adapters: LoRA and RandLoRA, or all", "two", "all", default="two")

    def check(self) -> None:
        """Refuse budgets that some adapter cannot have."""
        super().check()
        require(
            self.input_decay * math.log10(self.columns) <= DECADES,
            f"columns^input_decay must be at most 10^{DECADES}",
            self.input_decay,
        )
        require(
            self.methods == "two" or self.rank >= 2,
            "rank must be at least 2 to fit half of it",
            self.rank,
        )
        require(
            self.methods == "two" or self.trained_parameters() > self.rows,
            f"the parameters must be more than rows = {self.rows} for VeRA",
            self.trained_parameters(),
        )

    def cost(self) -> Cost:
        """Estimate one replicate from the linear systems of its inner loop, and their sizes."""
        count, inner, sides = self.bases(), self.bases() * self.rank, self.rows + self.columns
        entries = 4.0 * count * self.rows * self.columns
        entries += 3 * (self.columns * count**2 + inner**2)
        seconds = self.sweeps * self.columns * (2e-6 + 1e-8 * self.bases() ** 2)
        if self.methods == "all":
            seconds *= 4
            # VeRA's inner dimension, and NoLA's bases and their rank
            wide, mixed = self.trained_parameters(), 2 * self.trained_parameters() / sides
            entries += 3 * wide * (sides + wide) + 2 * wide * sides * max(mixed, 1)
        if self.input_decay > 0:
            seconds += 4e-11 * self.sweeps * (self.bases() * self.columns) ** 2 * self.columns
            entries += 3 * (count * self.columns) ** 2
        return Cost(
            seconds=seconds + 0.002, memory_mb=150 + 8e-6 * entries, prediction_seconds=0.01
        )
