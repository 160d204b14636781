"""Parameters of a random network: its activation, and how its layers are joined."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, one_of, require, whole

ACTIVATIONS = ("relu", "tanh", "gelu", "silu")
ARCHITECTURES = ("plain", "layer-norm", "batch-norm", "residual", "scaled-residual")
LEAST_BATCH = 5


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """A random network and the batch of orthonormal inputs that passes through it."""

    activation: str = one_of("activation phi; GELU and SiLU without approximation", *ACTIVATIONS)
    architecture: str = one_of(
        "how layers are joined: plain; features normalised over units; pre-activations normalised "
        "over the batch; blocks of two matrices added to their normalised input, with weight 1 or "
        "1/sqrt(L)",
        *ARCHITECTURES,
    )
    width: int = whole("units n of each layer", at_least=2)
    batch_size: int = whole("orthonormal inputs m", at_least=3)
    depth: int = whole("layers L, or residual blocks", at_least=1)

    def check(self) -> None:
        """Refuse batches of which batch norm would leave next to nothing."""
        require(
            self.architecture != "batch-norm" or self.batch_size >= LEAST_BATCH,
            f"batch_size must be at least {LEAST_BATCH} with batch-norm",
            self.batch_size,
        )

    @property
    def branch(self) -> float:
        """Weight of a block beside its input; 0 without residual connections."""
        weights = {"residual": 1.0, "scaled-residual": self.depth**-0.5}
        return weights.get(self.architecture, 0.0)

    def cost(self) -> Cost:
        """Return the planning estimate of a replicate, from timings of the simulation."""
        m, n = self.batch_size, self.width
        layer = 3e-5 + 1.3e-8 * m * n + 1.6e-10 * n * m**2
        return Cost(
            seconds=self.depth * layer * (2 if self.branch else 1),
            memory_mb=150 + 32e-6 * m * (n + self.depth * m),
            prediction_seconds=0.3 if self.architecture in ("plain", "residual") else 0.15,
            replicate_kb=0.024 * self.depth,
        )
