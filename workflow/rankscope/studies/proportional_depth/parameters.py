"""Parameters of random networks that one pair of inputs passes through."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, one_of, real, require, whole

CHECKPOINTS_PER_WIDTH = 8
"""Angles are measured at every eighth of the width."""

BINS, BIN_WIDTH, LOWEST = 24, 0.5, -4.0
"""Of artanh rho; what lies beyond is counted in the first and in the last."""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Networks of Gaussian weights without biases, and the pair of inputs."""

    activation: str = one_of(
        "relu, or shaped: slopes 1 + c / (2 sqrt(n)) and 1 - c / (2 sqrt(n))", "shaped", "relu"
    )
    shape: float = real("c of a shaped activation; 0 is linear", at_least=0, default=0.0)
    # a ReLU network of few units may have none that is active
    width: int = whole("units n of each layer, a multiple of 8", at_least=32)
    correlation: float = real("cosine of the two inputs", above=-1, below=1)
    depth_ratio: float = real("layers over width, a multiple of 1/8", above=0)
    runs: int = whole("networks per replicate", at_least=2)

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
        layers = self.depth_ratio * self.width
        return Cost(
            seconds=layers * (6e-5 + 2.8e-8 * self.runs * self.width),
            memory_mb=120 + 5e-5 * self.runs * self.width,
            prediction_seconds=0.1,
        )
