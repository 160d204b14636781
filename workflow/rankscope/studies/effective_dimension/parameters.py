"""Parameters of a point: one network law, one batch law, and what is measured."""

import dataclasses

from rankscope.planning.parameters import Cost, flag, one_of, real, require, whole

IMAGES = {"digits": (1797, 64), "mnist": (5000, 784)}
"""Images available and pixels of each, by geometry."""
IN_DIMENSIONS = ("sphere", "clustered")
"""Geometries whose dimension is a choice."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters:
    """A random network and the batch that passes through it."""

    width: int = whole("units n of each layer", at_least=1)
    batch_size: int = whole("inputs m", at_least=2, default=64)
    depth: int = whole("layers", at_least=1, default=60)
    geometry: str = one_of(
        "inputs, all of one length: orthonormal, uniform directions, directions around random "
        "centres, or random images",
        "orthonormal",
        *IN_DIMENSIONS,
        *IMAGES,
        default="orthonormal",
    )
    input_dimension: int = whole(
        "dimension of sphere and clustered inputs; 0 where the geometry has its own",
        at_least=0,
        default=0,
    )
    clusters: int = whole("random centres of clustered inputs", at_least=1, default=8)
    spread: float = real(
        "length of the noise around a centre, whose length is 1",
        at_least=0.001,
        at_most=1000,
        default=0.3,
    )
    initialisation: str = one_of(
        "law of the weights, at He's scale", "gaussian", "orthogonal", default="gaussian"
    )
    negative_slope: float = real(
        "slope a of the activation: 0 is ReLU, 1 linear, -1 the absolute value",
        at_least=-10,
        at_most=1,
        default=0.0,
    )
    bias_variance: float = real(
        "variance of the biases, where inputs have mean square 1",
        at_least=0,
        at_most=1000,
        default=0.0,
    )
    sampler: str = one_of(
        "reduced draws (exact in law), or explicit weights, the reference",
        "reduced",
        "explicit",
        default="reduced",
    )
    extras: bool = flag(
        "also decompose the centred batch, the gates, the pre-activations and a Jacobian, four "
        "more SVDs a layer",
        default=True,
    )

    @property
    def fan_in(self) -> int:
        """Dimension of the inputs."""
        if self.geometry in IMAGES:
            return IMAGES[self.geometry][1]
        return self.batch_size if self.geometry == "orthonormal" else self.input_dimension

    def check(self) -> None:
        """Refuse dimensions that a geometry cannot have, and more images than there are."""
        name = f"for geometry {self.geometry!r}"
        if self.geometry in IN_DIMENSIONS:
            require(
                self.input_dimension >= 2,
                f"input_dimension must be at least 2 {name}",
                self.input_dimension,
            )
        else:
            require(
                self.input_dimension == 0,
                f"input_dimension must be 0 {name}, which has its own",
                self.input_dimension,
            )
        if self.geometry in IMAGES:
            most = IMAGES[self.geometry][0]
            require(
                self.batch_size <= most,
                f"batch_size must be at most {most} {name}",
                self.batch_size,
            )

    def cost(self) -> Cost:
        """Return the planning estimate of a replicate, from timings of the simulation."""
        m, n = self.batch_size, self.width
        narrow = min(m, n)
        layer = 7e-5 + 1.2e-8 * narrow * n + 5e-11 * m * narrow * n
        layer += 2.2e-8 * m**2 + 2.7e-10 * m * narrow**2
        orthogonal = self.initialisation == "orthogonal"
        if self.sampler == "explicit":
            layer += 1e-8 * n**2 + (1.2e-10 * n**3 if orthogonal else 0)
        elif orthogonal:
            layer += (1.8e-10 if self.extras else 9e-11) * narrow**2 * n
        if self.extras:
            layer += 1.1e-4 + 2.3e-8 * narrow * n + 1e-10 * m * narrow * n
            layer += 7e-8 * m * narrow + 2.5e-10 * m**2 * narrow
        base = 150 + {"digits": 50, "mnist": 200}.get(self.geometry, 0)
        return Cost(
            seconds=0.002 + self.depth * layer,
            prediction_seconds=0.8,
            replicate_kb=0.27 * self.depth,
            memory_mb=base + 3e-5 * (self.depth * m**2 + n**2) + 1e-3 * self.depth * m,
        )
