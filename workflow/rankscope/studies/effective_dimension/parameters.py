"""Parameters of a point: one network law, one batch law, and what is measured."""

import dataclasses

from rankscope.planning.parameters import Cost

GEOMETRIES = ("orthonormal", "sphere", "clustered", "digits", "mnist")
IMAGES = {"digits": (1797, 64), "mnist": (5000, 784)}
"""Images available and pixels of each, by geometry."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters:
    """A point of the study.

    Attributes:
        width: units of each layer.
        batch_size: inputs m.
        depth: layers.
        geometry: of the batch: ``orthonormal`` vectors; ``sphere`` (uniform directions);
            ``clustered`` (directions around random centres); ``digits`` or ``mnist`` (random
            images). All inputs have the same length.
        input_dimension: of ``sphere`` and ``clustered``; 0 for the others, which have their
            own.
        clusters: number of centres of ``clustered``.
        spread: length of the noise around a centre of ``clustered``, whose length is 1.
        initialisation: ``gaussian`` or ``orthogonal``, both at He's scale.
        negative_slope: of the activation; 0 is ReLU, 1 linear, -1 the absolute value.
        bias_variance: variance of the biases; 0 for none. Inputs have mean square 1.
        sampler: ``reduced`` (exact in law) or ``explicit`` weights, the reference.
        extras: also decompose the centred batch and the gates, two more SVDs a layer.
    """

    width: int
    batch_size: int = 64
    depth: int = 60
    geometry: str = "orthonormal"
    input_dimension: int = 0
    clusters: int = 8
    spread: float = 0.3
    initialisation: str = "gaussian"
    negative_slope: float = 0.0
    bias_variance: float = 0.0
    sampler: str = "reduced"
    extras: bool = True

    @property
    def fan_in(self) -> int:
        """Dimension of the inputs."""
        if self.geometry == "orthonormal":
            return self.batch_size
        if self.geometry in IMAGES:
            return IMAGES[self.geometry][1]
        return self.input_dimension

    def check(self) -> None:
        """Raise ``ValueError`` with the value that cannot be."""
        least = {"width": 1, "batch_size": 2, "depth": 1, "clusters": 1}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ValueError(f"{name} must be at least {bound}, got {getattr(self, name)}")
        choices = {
            "geometry": GEOMETRIES,
            "initialisation": ("gaussian", "orthogonal"),
            "sampler": ("reduced", "explicit"),
        }
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(
                    f"{name} must be one of {', '.join(known)}, got {getattr(self, name)!r}"
                )
        if self.negative_slope > 1:
            raise ValueError(f"negative_slope must be at most 1, got {self.negative_slope}")
        if self.bias_variance < 0:
            raise ValueError(f"bias_variance must not be negative, got {self.bias_variance}")
        if self.spread <= 0:
            raise ValueError(f"spread must be positive, got {self.spread}")
        self._check_inputs()

    def _check_inputs(self) -> None:
        if self.geometry in ("sphere", "clustered"):
            if self.input_dimension < 2:
                raise ValueError(
                    f"input_dimension must be at least 2 for geometry {self.geometry!r}, "
                    f"got {self.input_dimension}"
                )
        elif self.input_dimension != 0:
            raise ValueError(
                f"input_dimension must be 0 for geometry {self.geometry!r}, which has its own, "
                f"got {self.input_dimension}"
            )
        if self.geometry in IMAGES and self.batch_size > IMAGES[self.geometry][0]:
            raise ValueError(
                f"batch_size must be at most {IMAGES[self.geometry][0]} for geometry "
                f"{self.geometry!r}, got {self.batch_size}"
            )

    def cost(self) -> Cost:
        """Return the planning estimate of a replicate, from timings of the simulation."""
        m, n = self.batch_size, self.width
        narrow = min(m, n)
        layer = 2e-4 + 1.2e-8 * narrow * n + 5e-11 * m * narrow * n + 1.2e-9 * m * narrow**2
        if self.sampler == "explicit":
            layer += 1.5e-8 * n**2
        if self.initialisation == "orthogonal":
            layer += 2e-10 * narrow**2 * n
        if self.extras:
            layer += 3e-4 + 3e-9 * m**2 * narrow
        return Cost(
            seconds=0.002 + self.depth * layer,
            memory_mb=300 + 3e-5 * (self.depth * m**2 + n**2) + 1e-3 * self.depth * m,
        )
