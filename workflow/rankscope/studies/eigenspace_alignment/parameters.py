"""One point of the study: a mixture, a network, and how it is trained and measured."""

import dataclasses
import math
import random

from rankscope.planning.parameters import Cost

# Lengths of the sets that a field may choose from.
CHOICES = {
    "model": ("mixture", "xor"),
    "means": ("orthonormal", "correlated", "random"),
    "activation": ("none", "relu", "softplus"),
    "start": ("zero", "gaussian", "planted"),
    "samples": ("test", "train"),
    "update": ("full", "dominant", "bulk"),
    "matrices": ("none", "blocks", "full"),
}
CORRELATION = 0.5
BUFFER = 16  # fresh directions of the Gram chain; its exactness bounds the dimension


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters:
    """A point. Defaults are the neutral values of what a point need not have.

    Attributes:
        model: ``mixture``, ``classes`` Gaussians and a one-layer softmax classifier; or
            ``xor``, four Gaussians in two classes and a two-layer network.
        classes: number of classes; 2 for ``xor``.
        width: hidden neurons of ``xor``; 0 for ``mixture``, which has no hidden layer.
        activation: ``relu`` or ``softplus`` for ``xor``; ``none`` for ``mixture``.
        means: class means of ``mixture``: orthonormal, unit with cosines 1/2, or unit and
            random in ``2 classes`` dimensions; ``orthonormal`` for ``xor``.
        dimension: input dimension ``d``.
        snr: inverse variance ``lambda`` of the noise.
        samples_per_dimension: ``phi``; matrices are means over ``phi d`` samples.
        ridge: coefficient ``beta`` of half the squared norm of the weights.
        step_scale: ``c``; the step size is ``c / d``.
        duration: training time, in units of ``d / c`` steps; 0 measures the start only.
        checkpoints: number of measured times, 0 and the end included.
        start: weights at time 0: ``zero``, the Gaussian of the paper, or ``planted``: for
            ``xor``, the Gaussian first layer plus half a unit along the cell of each neuron.
        groups: cells with neurons at a ``planted`` start, 1 to 4; 0 otherwise.
        samples: matrices from fresh ``test`` samples, or from ``train``-ing samples too.
        update: gradient steps, or their part in (``dominant``) or out of (``bulk``) the
            leading eigenspaces of the class blocks.
        matrices: ``blocks`` measures class or first-layer blocks, ``full`` the whole
            Hessian and G too; ``none`` only trains (and takes the small last-layer block).
        runs: networks per replicate; more than one only without matrices.
    """

    model: str
    dimension: int
    snr: float
    samples_per_dimension: float
    ridge: float
    step_scale: float
    duration: float
    checkpoints: int
    classes: int = 2
    width: int = 0
    activation: str = "none"
    means: str = "orthonormal"
    start: str = "gaussian"
    groups: int = 0
    samples: str = "test"
    update: str = "full"
    matrices: str = "blocks"
    runs: int = 1

    def check(self) -> None:
        """Raise ``ValueError`` if the values make no point."""
        for name, choices in CHOICES.items():
            _require(
                getattr(self, name) in choices,
                f"{name} must be one of {', '.join(choices)}",
                getattr(self, name),
            )
        for name in ("snr", "samples_per_dimension", "step_scale"):
            _require(getattr(self, name) > 0, f"{name} must be positive", getattr(self, name))
        for name in ("ridge", "duration"):
            _require(getattr(self, name) >= 0, f"{name} must not be negative", getattr(self, name))
        _require(self.runs >= 1, "runs must be at least 1", self.runs)
        _require(self.classes >= 2, "classes must be at least 2", self.classes)
        least = 1 if self.duration == 0 else 2
        _require(
            self.checkpoints >= least, f"checkpoints must be at least {least}", self.checkpoints
        )
        _require(
            self.duration > 0 or self.checkpoints == 1,
            "checkpoints must be 1 when duration is 0",
            self.checkpoints,
        )
        smallest = 2 * self.rows + BUFFER if self.model == "mixture" else self.rows + 2 + BUFFER
        _require(
            self.dimension >= smallest, f"dimension must be at least {smallest}", self.dimension
        )
        _require(
            self.samples_per_dimension * self.dimension >= self.rows,
            f"samples_per_dimension times dimension must be at least {self.rows}",
            self.samples_per_dimension,
        )
        _require(
            self.runs == 1 or self.matrices == "none",
            "runs must be 1 when matrices are measured",
            self.runs,
        )
        if self.model == "mixture":
            self._check_mixture()
        else:
            self._check_xor()

    def _check_mixture(self) -> None:
        _require(self.width == 0, "width must be 0 for the mixture", self.width)
        _require(
            self.activation == "none",
            "activation must be none for the mixture",
            self.activation,
        )
        _require(self.start != "planted", "start must not be planted for the mixture", self.start)
        _require(self.groups == 0, "groups must be 0 for the mixture", self.groups)
        _require(
            self.matrices != "full" or self.means == "orthonormal",
            "means must be orthonormal for matrices=full",
            self.means,
        )
        direct = self.samples == "train" or self.update != "full"
        _require(
            not direct or (self.matrices != "none" and self.duration > 0),
            "training samples and projected updates need matrices and a duration",
            self.matrices,
        )
        _require(
            self.samples == "test" or self.samples_count <= self.steps()[-1],
            f"samples_per_dimension must be at most {self.duration / self.step_scale} "
            "for matrices from training samples",
            self.samples_per_dimension,
        )

    def _check_xor(self) -> None:
        _require(self.classes == 2, "classes must be 2 for xor", self.classes)
        _require(self.width >= 1, "width must be at least 1 for xor", self.width)
        _require(self.activation != "none", "activation must not be none for xor", self.activation)
        _require(self.means == "orthonormal", "means must be orthonormal for xor", self.means)
        _require(self.samples == "test", "samples must be test for xor", self.samples)
        _require(self.update == "full", "update must be full for xor", self.update)
        _require(self.matrices != "full", "matrices must not be full for xor", self.matrices)
        _require(self.ridge < 1 / 8, "ridge must be below 1/8 for xor", self.ridge)
        _require(self.start != "zero", "start must not be zero for xor: it stays there", self.start)
        planted = self.start == "planted"
        _require(
            1 <= self.groups <= min(4, self.width) if planted else self.groups == 0,
            "groups must be 1 to 4 (at most width) for a planted start, else 0",
            self.groups,
        )

    @property
    def rows(self) -> int:
        """Rows of the first layer."""
        return self.classes if self.model == "mixture" else self.width

    @property
    def samples_count(self) -> int:
        """Number ``M`` of samples in each empirical matrix."""
        return round(self.samples_per_dimension * self.dimension)

    def times(self) -> tuple[float, ...]:
        """Return the measured times: 0, and a geometric sequence up to ``duration``.

        The first time after 0 is 1/2, or 1/64 of the duration where that is more.
        """
        if self.duration == 0:
            return (0.0,)
        count = self.checkpoints - 1
        first = min(max(0.5, self.duration / 64), self.duration)
        ratio = self.duration / first
        return (
            0.0,
            *(
                self.duration * ratio ** -((count - 1 - i) / max(count - 1, 1))
                for i in range(count)
            ),
        )

    def steps(self) -> tuple[int, ...]:
        """Return the numbers of SGD steps at the measured times."""
        return tuple(round(time * self.dimension / self.step_scale) for time in self.times())

    def mean_gram(self) -> list[list[float]]:
        """Return the Gram matrix of the class means of ``mixture``: part of the model."""
        k = self.classes
        if self.means == "random":
            return _random_gram(k)
        off = CORRELATION if self.means == "correlated" else 0.0
        return [[1.0 if a == b else off for b in range(k)] for a in range(k)]

    def cost(self) -> Cost:
        """Return CPU seconds of one replicate and the memory of the process."""
        rows, count = self.rows, self.samples_count
        spanned = self.classes if self.model == "mixture" else 2
        steps = self.steps()[-1]
        direct = self.samples == "train" or self.update != "full"
        columns = self.dimension if direct else spanned + rows + BUFFER
        seconds = 1.2e-5 * steps + 1.5e-8 * steps * self.runs * rows * columns
        cells = count * self.dimension
        if self.matrices != "none":
            visits = self.checkpoints * (2 if self.samples == "train" else 1)
            visits += 0.4 * self.duration if self.update != "full" else 0
            seconds += visits * (0.03 + cells * (2e-8 + 1e-7 * rows))
        if self.matrices == "full":
            seconds += cells * 1e-9 * rows * 20 * rows**2
        memory = 250.0 + (24e-6 * cells if self.matrices != "none" else 0.0)
        if self.samples == "train":
            memory += 8e-6 * steps * self.dimension
        return Cost(seconds=seconds, memory_mb=memory + 1e-5 * self.runs * rows * columns * 64)


def _require(holds: bool, rule: str, value: object) -> None:
    if not holds:
        raise ValueError(f"{rule}, got {value!r}")


def _random_gram(count: int) -> list[list[float]]:
    """Return the Gram matrix of fixed random unit vectors in ``2 count`` dimensions."""
    generator = random.Random(count)
    vectors = [[generator.gauss(0.0, 1.0) for _ in range(2 * count)] for _ in range(count)]
    norms = [math.sqrt(sum(value * value for value in vector)) for vector in vectors]
    return [
        [
            sum(p * q for p, q in zip(vectors[a], vectors[b], strict=True)) / (norms[a] * norms[b])
            for b in range(count)
        ]
        for a in range(count)
    ]
