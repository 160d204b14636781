"""What the points of both models have in common: samples, steps of SGD, and measured times."""

import dataclasses

from rankscope.planning.parameters import Cost, one_of, real, require, whole

BUFFER = 16
"""Fresh directions of the Gram chain; its exactness bounds the dimension."""

OVERSHOOT = 2.0
"""Bound on the step size times squared length of a sample plus ridge; above, SGD may diverge."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training:
    """Parameters of one-pass SGD on a Gaussian mixture; each model adds its own."""

    dimension: int = whole("input dimension d", at_least=1)
    snr: float = real(
        "signal-to-noise ratio lambda: inverse variance of the noise", at_least=1e-2, at_most=1e6
    )
    samples_per_dimension: float = real(
        "phi; the test loss and the matrices are means over phi d samples", above=0
    )
    ridge: float = real("coefficient beta of half the squared norm of all weights", at_least=0)
    step_scale: float = real("c; the step size is c / d", above=0)
    duration: float = real(
        "training time, in units of d / c steps; 0 measures the start only", at_least=0
    )
    checkpoints: int = whole("measured times, 0 and the end included", at_least=1)
    matrices: str = one_of(
        "whether matrices of first-layer weights are measured: none, or one block per row",
        "none",
        "blocks",
        default="blocks",
    )
    runs: int = whole(
        "networks per replicate, more than one only without matrices", at_least=1, default=1
    )

    def check(self) -> None:
        """Check the rules between fields that hold for both models."""
        require(
            self.dimension >= self.coordinates,
            f"dimension must be at least {self.coordinates}",
            self.dimension,
        )
        require(
            self.samples_count >= self.rows,
            f"samples_per_dimension times dimension must be at least {self.rows}",
            self.samples_per_dimension,
        )
        if self.duration > 0:
            require(
                self.checkpoints >= 2,
                "checkpoints must be at least 2 where duration is above 0",
                self.checkpoints,
            )
        else:
            require(
                self.checkpoints == 1, "checkpoints must be 1 when duration is 0", self.checkpoints
            )
        step, squared = self.step_scale / self.dimension, 1 + self.dimension / self.snr
        require(
            self.duration == 0 or step * (squared + self.ridge) <= OVERSHOOT,
            f"step_scale ((1 + ridge) / dimension + 1 / snr) must be at most {OVERSHOOT:g}, "
            "or steps overshoot",
            step * (squared + self.ridge),
        )
        require(
            len(set(self.steps())) == self.checkpoints,
            f"checkpoints must be few enough to be at different steps of {self.steps()[-1]}",
            self.checkpoints,
        )
        require(
            self.runs == 1 or self.matrices == "none",
            "runs must be 1 when matrices are measured",
            self.runs,
        )

    @property
    def rows(self) -> int:
        """Rows of the first layer."""
        raise NotImplementedError

    @property
    def spanned(self) -> int:
        """Dimension of the span of the centres."""
        raise NotImplementedError

    @property
    def coordinates(self) -> int:
        """Coordinates of the Gram chain, which is exact in law if there are no fewer in all."""
        return self.spanned + self.rows + BUFFER

    @property
    def samples_count(self) -> int:
        """Number ``M`` of samples in each empirical matrix."""
        return round(self.samples_per_dimension * self.dimension)

    def times(self) -> tuple[float, ...]:
        """Return the measured times: 0, and a geometric sequence up to ``duration``.

        The first time after 0 is 1/2, or 1/64 of the duration where that is more.
        """
        if self.duration == 0:
            return (0.0,)
        count = self.checkpoints - 1
        first = min(max(0.5, self.duration / 64), self.duration)
        ratio = self.duration / first
        return (
            0.0,
            *(
                self.duration * ratio ** -((count - 1 - i) / max(count - 1, 1))
                for i in range(count)
            ),
        )

    def steps(self) -> tuple[int, ...]:
        """Return the numbers of SGD steps at the measured times."""
        return tuple(round(time * self.dimension / self.step_scale) for time in self.times())

    def cost(self) -> Cost:
        """Return CPU seconds of one replicate and the memory of the process."""
        steps, weights = self.steps()[-1], self.runs * self.rows * self.coordinates
        seconds = 6e-6 * steps + 6e-9 * steps * weights
        memory = 140.0 + 16e-4 * weights
        if self.matrices != "none":
            seconds += self.checkpoints * self.block_seconds()
            memory += 24e-6 * self.samples_count * self.dimension
        return Cost(seconds=seconds, memory_mb=memory)

    def block_seconds(self) -> float:
        """Return CPU seconds of the leading eigenpairs of all blocks at one time."""
        return 0.015 + self.samples_count * self.dimension * (7e-8 + 9e-9 * self.rows)
