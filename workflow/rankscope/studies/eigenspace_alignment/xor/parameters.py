"""One point: a two-layer network on the XOR mixture, and how it is trained and measured."""

import dataclasses

from rankscope.planning.parameters import Cost, one_of, real, require, whole
from rankscope.studies.eigenspace_alignment.training import Training


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters(Training):
    """A two-layer network, both layers trained, on four Gaussians in two classes."""

    width: int = whole("hidden neurons K", at_least=1)
    activation: str = one_of("activation g of the hidden neurons", "relu", "softplus")
    # at 1/8 and beyond, 0 is the only fixed point
    ridge: float = real(
        "coefficient beta of half the squared norm of both layers", at_least=0, below=1 / 8
    )
    planted_cells: int = whole(
        "cells in which neurons are planted at time 0, by half a unit of both layers beside the "
        "Gaussian first layer; with 0, both layers are Gaussian",
        at_least=0,
        at_most=4,
        default=0,
    )
    measured_from: float = real(
        "training time that is measured next after 0, from which measured times are a geometric "
        "sequence; with 0, 1/2 or 1/64 of the duration",
        at_least=0,
        default=0.0,
    )

    def check(self) -> None:
        """Check the rules between fields."""
        require(
            self.measured_from == 0 or self.checkpoints >= 3,
            "checkpoints must be at least 3 with measured_from above 0",
            self.checkpoints,
        )
        require(
            self.measured_from == 0 or self.measured_from < self.duration,
            f"measured_from must be 0 or below duration, {self.duration:g}",
            self.measured_from,
        )
        super().check()
        require(
            self.planted_cells <= self.width,
            f"planted_cells must be at most width, {self.width}",
            self.planted_cells,
        )

    @property
    def rows(self) -> int:
        """Rows of the first layer, one per neuron."""
        return self.width

    @property
    def spanned(self) -> int:
        """Dimension of the span of the centres, that of ``mu`` and ``nu``."""
        return 2

    def times(self) -> tuple[float, ...]:
        """Return the measured times: 0, and a geometric sequence up to ``duration``."""
        if self.measured_from == 0:
            return super().times()
        count, ratio = self.checkpoints - 2, self.duration / self.measured_from
        between = (self.measured_from * ratio ** (i / count) for i in range(count))
        return (0.0, *between, self.duration)

    def cost(self) -> Cost:
        """Return what a replicate, its file and the theory take; networks are trained together."""
        width, networks = self.width, self.runs * self.checkpoints
        each = self.runs * self.coordinates * (1e-8 + 1.2e-9 * width)
        seconds = self.steps()[-1] * (2e-6 + 5e-8 * width + each) + 6e-4 * networks
        kilobytes = 2.5 + networks * (0.04 + 0.06 * width)
        if self.matrices != "none":
            seconds += self.checkpoints * self.block_seconds()
            kilobytes += 0.28 * width * self.checkpoints
        planted = 0.6 if self.matrices == "none" else 0.9
        return dataclasses.replace(
            super().cost(),
            seconds=seconds,
            prediction_seconds=planted if self.planted_cells else 0.01,
            replicate_kb=kilobytes,
        )
