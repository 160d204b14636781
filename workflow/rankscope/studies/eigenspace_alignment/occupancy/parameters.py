"""One point: many two-layer networks on the XOR mixture, and what drives them."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, one_of, real, require, whole

BUFFER = 16
"""Fresh directions of the Gram chain that draws the starts."""

FLOW_STEP = 0.1
"""Training time of one step of the gradient flow."""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Networks with ReLU, both layers trained from a Gaussian start."""

    drive: str = one_of(
        "what drives the networks: sgd; flow, the gradient of the population's loss, that is no "
        "fluctuations; independent, SGD of each neuron as a network of its own, that is no "
        "interaction; frozen, SGD beside a first neuron that stays at its end in one cell",
        "sgd",
        "flow",
        "independent",
        "frozen",
    )
    width: int = whole("hidden neurons K, the frozen one included", at_least=1)
    dimension: int = whole("input dimension d", at_least=1)
    snr: float = real(
        "signal-to-noise ratio lambda: inverse variance of the noise", at_least=1.0, at_most=1e6
    )
    # at 1/8 and beyond, 0 is the only fixed point
    ridge: float = real(
        "coefficient beta of half the squared norm of both layers", above=0, below=1 / 8
    )
    step_scale: float = real("c; the step size of SGD is c / d", above=0)
    duration: float = real("training time, in units of d / c steps", above=0)
    runs: int = whole("networks per replicate", at_least=1)

    def check(self) -> None:
        """Check the rules between fields."""
        least = 2 + self.width + BUFFER
        require(self.dimension >= least, f"dimension must be at least {least}", self.dimension)
        require(
            self.drive != "frozen" or self.width == 2,
            "width must be 2 for drive=frozen",
            self.width,
        )
        squared = self.step_scale * (1 / self.dimension + 1 / self.snr)
        require(
            squared <= 2,
            "step_scale (1 / dimension + 1 / snr) must be at most 2, or steps overshoot",
            squared,
        )

    @property
    def steps(self) -> int:
        """Steps in a quarter of the duration."""
        unit = FLOW_STEP if self.drive == "flow" else self.step_scale / self.dimension
        return max(1, round(self.duration / 4 / unit))

    def cost(self) -> Cost:
        """Return CPU seconds of one replicate and the memory of the process."""
        rows, networks, samples = self.width, self.runs, 3 if self.drive == "flow" else 1
        if self.drive == "independent":
            rows, networks = 1, self.runs * self.width
        each = 4e-8 + samples * 1.45e-8 * rows + 8.5e-10 * rows**2
        seconds = 4 * self.steps * (1.2e-5 + 2e-6 * rows + networks * each)
        return Cost(
            seconds=seconds,
            memory_mb=150 + 3.4e-3 * networks * (rows + 5),
            prediction_seconds=0.01,
        )
