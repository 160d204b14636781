"""One point: a mixture with a direction of large variance outside the means."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, real, require, whole


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """A softmax classifier of Gaussians with orthonormal means, trained by one-pass SGD."""

    classes: int = whole("number k of classes, each a Gaussian", at_least=2)
    dimension: int = whole("input dimension d", at_least=1)
    snr: float = real(
        "signal-to-noise ratio lambda: inverse variance of the noise", at_least=1.0, at_most=1e6
    )
    nuisance_ratio: float = real(
        "variance along the nuisance direction over that along others", at_least=1.0
    )
    samples_per_dimension: float = real(
        "phi; the matrices are means over phi d fresh samples", above=0
    )
    ridge: float = real("coefficient beta of half the squared norm of all weights", above=0)
    step_scale: float = real("c; the step size is c / d", above=0)
    duration: float = real("training time, in units of d / c steps", above=0)

    def check(self) -> None:
        """Check the rules between fields."""
        least = 2 * self.classes + 1
        require(self.dimension >= least, f"dimension must be at least {least}", self.dimension)
        require(
            self.samples_count > self.classes,
            f"samples_per_dimension times dimension must be above {self.classes}",
            self.samples_per_dimension,
        )
        squared = 1 + (self.dimension + self.nuisance_ratio) / self.snr
        require(
            self.step_scale / self.dimension * squared <= 2,
            "step_scale (1 + (dimension + nuisance_ratio) / snr) / dimension must be at most 2, "
            "or steps overshoot",
            self.step_scale / self.dimension * squared,
        )

    @property
    def samples_count(self) -> int:
        """Number ``M`` of samples in each empirical matrix."""
        return round(self.samples_per_dimension * self.dimension)

    @property
    def steps(self) -> int:
        """Steps of SGD."""
        return round(self.duration * self.dimension / self.step_scale)

    def cost(self) -> Cost:
        """Return CPU seconds of one replicate and the memory of the process."""
        rows, cells = self.classes, self.samples_count * self.dimension
        return Cost(
            seconds=self.steps * (2e-6 + self.dimension * (5e-9 + 1.5e-9 * rows))
            + 0.02
            + cells * 1e-8 * rows,
            memory_mb=150 + 24e-6 * cells,
            prediction_seconds=0.15,
        )
