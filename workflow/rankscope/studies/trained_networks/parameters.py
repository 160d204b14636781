"""Parameters of a point: a network, its images and labels, and how it is trained."""

import dataclasses

from rankscope.planning.parameters import Cost, flag, one_of, real, require, whole

PIXELS = {"digits": 64, "mnist": 784}
PER_CLASS = {"digits": 174, "mnist": 500}
"""Images of the rarest class."""
HELD_OUT = 120
"""Images of the held-out batch, nearly: the same number of each class."""
SAMPLES = 200
"""Images whose gradients make G, nearly: the same number of each class."""
CURVATURE_SAMPLES = 60
"""Images that make the Hessian and the Gauss-Newton matrix, nearly: k gradients each."""
HESSIAN_COST = 5e-7
"""Seconds per weight and class of the Hessian's eigenpairs."""
DENSITY_COST = 7e-6
"""Seconds per weight of its spectral density."""
EARLY = 1 / 20
"""Share of the steps that is "a short period of training"."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters:
    """A dense network without biases, trained on images of k classes."""

    depth: int = whole("hidden layers", at_least=1)
    width: int = whole("units n of each hidden layer", at_least=2)
    activation: str = one_of("activation", "relu", "tanh", default="relu")
    initial_scale: float = real(
        "factor of the standard deviation of all initial weights", above=0, default=1.0
    )
    images: str = one_of("images, all of mean square 1", *PIXELS)
    noise: float = real(
        "standard deviation of Gaussian noise that is added to every pixel",
        at_least=0,
        at_most=1000,
        default=0.0,
    )
    classes: int = whole("classes k, the first ones", at_least=2, at_most=10)
    labels: str = one_of(
        "labels of the training images: their own, or permuted among them",
        "correct",
        "shuffled",
        default="correct",
    )
    images_per_class: int = whole("training images of each class", at_least=8)
    optimiser: str = one_of("optimiser", "sgd", "adam", default="sgd")
    learning_rate: float = real("learning rate", above=0)
    weight_decay: float = real("coefficient of half the squared weights", at_least=0, default=0.0)
    batch_size: int = whole("images of a step, drawn with replacement", at_least=1)
    steps: int = whole("training steps", at_least=1)
    checkpoints: int = whole("steps at which networks are measured, log-spaced", at_least=2)

    steps_in: str = one_of(
        "part of the gradient that steps take after the switch: all of it, that in the k leading "
        "eigenvectors of the Gauss-Newton matrix, the rest, or that in k random directions",
        "all",
        "dominant",
        "bulk",
        "random",
        default="all",
    )
    switch_step: int = whole(
        "step after which steps take a part, and one at which networks are measured",
        at_least=0,
        default=0,
    )

    hessian: bool = flag(
        "whether leading eigenpairs and the spectral density of the Hessian are found, after a "
        "twentieth of the steps",
        default=False,
    )

    @property
    def held_out_per_class(self) -> int:
        """Held-out images of each class."""
        return HELD_OUT // self.classes

    @property
    def samples_per_class(self) -> int:
        """Training images of each class whose gradients make G."""
        return min(SAMPLES // self.classes, self.images_per_class // 2)

    @property
    def curvature_per_class(self) -> int:
        """Those of them that make the Gauss-Newton matrix."""
        return min(CURVATURE_SAMPLES // self.classes, self.samples_per_class)

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Weights of each layer, the readout last."""
        hidden = (self.width * self.width,) * (self.depth - 1)
        return (PIXELS[self.images] * self.width, *hidden, self.width * self.classes)

    @property
    def measured_steps(self) -> tuple[int, ...]:
        """0, and steps from 1 to the last at equal ratios."""
        count = self.checkpoints - 1
        found = {round(self.steps ** (i / max(count - 1, 1))) for i in range(count)}
        return tuple(sorted({0, self.switch_step, self.steps, *found}))

    @property
    def later_steps(self) -> tuple[int, ...]:
        """Those of them after a short period of training."""
        return tuple(step for step in self.measured_steps if step >= EARLY * self.steps)

    def check(self) -> None:
        """Refuse more images than there are, and parts of steps that are no gradients."""
        most = PER_CLASS[self.images] - self.held_out_per_class
        require(
            self.images_per_class <= most,
            f"images_per_class must be at most {most} for {self.images!r}",
            self.images_per_class,
        )
        require(
            self.switch_step < self.steps,
            f"switch_step must be below steps, {self.steps}",
            self.switch_step,
        )
        plain = self.optimiser == "sgd" and self.weight_decay == 0
        require(
            self.steps_in == "all" or (plain and self.switch_step > 0),
            "steps_in must be all for adam, weight decay and switch_step 0",
            self.steps_in,
        )

    def cost(self) -> Cost:
        """Return the planning estimate of a replicate, from timings of the simulation."""
        weights = sum(self.layer_sizes)
        step = 8e-6 * (self.depth + 1) + 1e-10 * self.batch_size * weights
        if self.optimiser == "adam":
            step += 3e-9 * weights
        virtual = self.curvature_per_class * self.classes**2
        look = 0.005 * (self.depth + 1) + 1.5e-10 * virtual**3
        if self.steps_in == "random":
            step += 1e-8 * weights * self.classes
        elif self.steps_in != "all":
            step += (1e-3 + 2e-10 * virtual**3) / 3
        hessian = weights * (HESSIAN_COST * self.classes + DENSITY_COST)
        found = len(self.later_steps) * hessian if self.hessian else 0
        if self.noise:
            found += 8e-4 * self.width * (PIXELS[self.images] / 64) ** 3
        return Cost(
            seconds=0.02 + self.steps * step + len(self.measured_steps) * look + found,
            memory_mb=600 + 2e-4 * weights,
            prediction_seconds=0.05 + 0.05 * self.depth,
            replicate_kb=10,
        )
