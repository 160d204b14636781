"""One point: a mixture of ``k`` Gaussians, and how its classifier is trained and measured."""

import dataclasses
import math
import random

from rankscope.planning.parameters import Cost, one_of, require, whole
from rankscope.studies.eigenspace_alignment.training import Training

CORRELATION = 0.5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters(Training):
    """A softmax classifier without hidden layer, one weight vector per class."""

    classes: int = whole("number k of classes, each a Gaussian", at_least=2)
    means: str = one_of(
        "class means: orthonormal, unit with cosines 1/2, or random unit in 2 k dimensions",
        "orthonormal",
        "correlated",
        "random",
        default="orthonormal",
    )
    start: str = one_of(
        "weights at time 0: zero, or Gaussian of variance 1 / d",
        "zero",
        "gaussian",
        default="gaussian",
    )
    samples: str = one_of(
        "samples of the matrices: fresh ones, or the last ones of training besides",
        "test",
        "train",
        default="test",
    )
    update: str = one_of(
        "gradient steps, or their part in or out of the leading eigenspaces of the class blocks",
        "full",
        "dominant",
        "bulk",
        default="full",
    )
    matrices: str = one_of(
        "matrices that are measured: none, the first eigenvalue of one class block of the Hessian, "
        "the class blocks, or the full ones besides",
        "none",
        "first",
        "blocks",
        "full",
        default="blocks",
    )

    def check(self) -> None:
        """Check the rules between fields."""
        super().check()
        require(
            self.matrices != "full" or self.means == "orthonormal",
            "means must be orthonormal for matrices=full",
            self.means,
        )
        require(
            self.matrices != "first" or (self.means == "orthonormal" and self.duration > 0),
            "matrices=first needs orthonormal means and a duration",
            self.means,
        )
        require(
            not self.direct or (self.blocks and self.duration > 0),
            "training samples and projected updates need matrices and a duration",
            self.matrices,
        )
        require(
            self.samples == "test" or self.samples_count <= self.steps()[-1],
            f"samples_per_dimension must be at most {self.duration / self.step_scale} "
            "for matrices from training samples",
            self.samples_per_dimension,
        )

    @property
    def rows(self) -> int:
        """Rows of the first layer, one per class."""
        return self.classes

    @property
    def spanned(self) -> int:
        """Dimension of the span of the means."""
        return self.classes

    @property
    def direct(self) -> bool:
        """Whether SGD runs in all ``d`` coordinates: the Gram chain keeps no samples."""
        return self.samples == "train" or self.update != "full"

    @property
    def blocks(self) -> bool:
        """Whether all class blocks are measured."""
        return self.matrices in ("blocks", "full")

    def mean_gram(self) -> list[list[float]]:
        """Return the Gram matrix of the class means: part of the model."""
        k = self.classes
        if self.means == "random":
            return _random_gram(k)
        off = CORRELATION if self.means == "correlated" else 0.0
        return [[1.0 if a == b else off for b in range(k)] for a in range(k)]

    def cost(self) -> Cost:
        """Return CPU seconds of one replicate and the memory of the process."""
        chain = super().cost()
        steps, rows, cells = self.steps()[-1], self.rows, self.samples_count * self.dimension
        seconds, memory = chain.seconds, chain.memory_mb
        if self.direct:
            seconds += 1.5e-8 * steps * rows * (self.dimension - self.coordinates)
        if self.samples == "train":
            seconds += self.checkpoints * self.block_seconds()
            memory += 8e-6 * steps * self.dimension
        if self.update != "full":
            seconds += 0.4 * self.duration * self.block_seconds()
        if self.matrices == "full":
            seconds += self.checkpoints * cells * 1.7e-7
        predicting = 0.1 + self.checkpoints * (2e-3 * rows + 1e-4 * rows**2)
        predicting += 0.5 * (self.matrices == "first")
        predicting += self.checkpoints * 2.1e-3 * rows**4 * (self.matrices == "full")
        if self.blocks:
            if self.samples_count >= self.dimension:  # what does not fit the cache
                seconds += self.checkpoints * cells * 1.7e-15 * self.dimension**2
            memory += 16e-6 * rows * 300 * self.dimension
        kept = 0.055 * self.checkpoints * rows * (rows + 2)
        return Cost(
            seconds=seconds,
            memory_mb=memory,
            prediction_seconds=predicting,
            replicate_kb=kept,
        )

    def block_seconds(self) -> float:
        """Return CPU seconds of what is measured of blocks at one time."""
        if self.matrices == "first":
            return 0.01 + self.samples_count * self.dimension * 3e-8
        # more eigenpairs take more steps, and each is made orthogonal to those before
        more = 1e-9 * self.rows * max(self.rows - 4, 0)
        # with fewer samples than dimensions their Gram matrix comes first
        dual = 4.5e-11 * self.samples_count * (self.samples_count < self.dimension)
        return super().block_seconds() + self.samples_count * self.dimension * (more + dual)


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
