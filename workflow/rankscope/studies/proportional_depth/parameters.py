"""Parameters of random networks that a pair of inputs, or a batch, passes through."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, one_of, real, require, whole

CHECKPOINTS_PER_WIDTH = 8
"""Angles are measured at every eighth of the width."""

BINS, BIN_WIDTH, LOWEST = 24, 0.5, -4.0
"""Of artanh rho; what lies beyond is counted in the first and in the last."""

MOST_ALIKE = 0.99
"""Cosine of the inputs of a batch."""
DEEPEST_BATCH = 4.0
"""Depth over width at which the least angles of a batch still have digits."""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Networks of Gaussian weights without biases, and the pair or batch of inputs."""

    activation: str = one_of(
        "relu, or shaped: slopes 1 + c / (2 sqrt(n)) and 1 - c / (2 sqrt(n))", "shaped", "relu"
    )
    shape: float = real("c of a shaped activation; 0 is linear", at_least=0, default=0.0)
    # a ReLU network of few units may have none that is active
    width: int = whole("units n of each layer, a multiple of 8", at_least=32)
    correlation: float = real("cosine of the two inputs, or of any two", above=-1, below=1)
    depth_ratio: float = real("layers over width, a multiple of 1/8", above=0)
    runs: int = whole("networks per replicate", at_least=2)
    batch_size: int = whole(
        "inputs m; of more than two the rank is followed, and not the law of an angle",
        at_least=2,
        at_most=64,
        default=2,
    )

    def check(self) -> None:
        """Check the rules between fields."""
        require(
            self.width % CHECKPOINTS_PER_WIDTH == 0,
            f"width must be a multiple of {CHECKPOINTS_PER_WIDTH}",
            self.width,
        )
        require(
            (self.depth_ratio * CHECKPOINTS_PER_WIDTH).is_integer(),
            f"depth_ratio must be a multiple of 1/{CHECKPOINTS_PER_WIDTH}",
            self.depth_ratio,
        )
        require(
            self.activation == "shaped" or self.shape == 0,
            "shape must be 0 for activation=relu",
            self.shape,
        )
        require(self.kink <= 1, "shape must be at most 2 sqrt(width)", self.shape)
        if self.batch_size > 2:
            self._check_batch()

    def _check_batch(self) -> None:
        require(
            self.activation == "shaped",
            "activation must be shaped for a batch_size above 2",
            self.activation,
        )
        require(
            self.depth_ratio <= DEEPEST_BATCH,
            f"depth_ratio must be at most {DEEPEST_BATCH:g} for a batch_size above 2",
            self.depth_ratio,
        )
        require(
            0 <= self.correlation <= MOST_ALIKE,
            f"correlation must be between 0 and {MOST_ALIKE:g} for a batch_size above 2",
            self.correlation,
        )

    @property
    def kink(self) -> float:
        """``k`` of ``phi(z) = z + k |z|``: half the difference of the slopes over their mean."""
        return 1.0 if self.activation == "relu" else self.shape / (2 * self.width**0.5)

    @property
    def checkpoints(self) -> int:
        """How often angles are measured."""
        return round(self.depth_ratio * CHECKPOINTS_PER_WIDTH)

    def cost(self) -> Cost:
        """Return the planning estimate of a replicate, from timings of the simulation."""
        layers, m, n = self.depth_ratio * self.width, self.batch_size, self.width
        if m > 2:
            return Cost(
                seconds=layers * self.runs * (2.3e-6 + 8.5e-9 * m * n + 1e-10 * m**2 * n),
                memory_mb=120 + 3e-5 * self.runs * m * n + 0.8 * m,
                prediction_seconds=self.depth_ratio * max(16_000 / m, 500) * 5e-6 * m**2,
            )
        layer = 6e-5 + 2.8e-8 * n * self.runs if self.kink else 1e-5 + 5e-8 * self.runs
        return Cost(
            seconds=layers * layer,
            memory_mb=120 + 5e-5 * self.runs * n,
            prediction_seconds=0.1,
        )
