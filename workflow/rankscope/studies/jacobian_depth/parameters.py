"""Parameters of a random network whose Jacobian is followed over its layers."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, one_of, require, whole

ACTIVATIONS = ("linear", "relu", "tanh")
INITIALISATIONS = ("gaussian", "orthogonal")


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """A random network of equal layers, and one input of mean square 1."""

    activation: str = one_of("activation phi", *ACTIVATIONS)
    initialisation: str = one_of(
        "weights of mean square 1/n (2/n with ReLU): independent normals, or a Haar orthogonal "
        "matrix",
        *INITIALISATIONS,
    )
    width: int = whole("units n of each layer", at_least=4)
    depth: int = whole("layers L", at_least=1)

    def check(self) -> None:
        """Refuse the product of orthogonal matrices, which is an isometry at any depth."""
        require(
            (self.activation, self.initialisation) != ("linear", "orthogonal"),
            "activation must not be linear with orthogonal weights, whose Jacobian is orthogonal",
            self.activation,
        )

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers measured: powers of 2, and the last."""
        return (*(2**power for power in range((self.depth - 1).bit_length())), self.depth)

    def cost(self) -> Cost:
        """Return the planning estimate of a replicate, from timings of the simulation."""
        cube = self.width**3
        layer = (5e-5 + 2e-10 * cube) * (1.6 if self.initialisation == "orthogonal" else 1)
        spectrum = 3e-4 + 1.5e-9 * cube
        return Cost(
            seconds=self.depth * layer + len(self.layers) * spectrum,
            memory_mb=150 + 2e-4 * self.width**2,
            prediction_seconds=0.3,
        )
