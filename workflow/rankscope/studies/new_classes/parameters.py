"""Parameters of a point: a network, its old and new classes, and how it is fine-tuned."""

import dataclasses

from rankscope.planning.parameters import Cost, one_of, real, require, whole
from rankscope.studies.rank_budget.parameters import (
    ALLOTTED,
    CLASSES,
    MEASURED,
    PREDICTORS,
    REVERSED,
)
from rankscope.studies.trained_networks import parameters as trained_networks
from rankscope.studies.trained_networks.parameters import PER_CLASS, PIXELS

DIGITS = 10
"""Classes of all images, old and new."""
TESTED = {"digits": 90, "mnist": 200}
"""Test images of each new class."""
KEPT = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
"""Leading directions that one layer's update is cut to; the whole comes after."""

RANDOM, SHUFFLED = "random output gradients", "shuffled labels"
NULLS = (RANDOM, SHUFFLED)
"""What the start is compared with, on the same activations: output gradients at random, each as
long as it was, as in `rank_budget`; and those of labels exchanged between images, each error of the
logits as long as it was."""
OVER_LABELS = tuple(f"{name}, over {SHUFFLED}" for name in PREDICTORS[:2])
"""Outliers that are counted above the largest value with shuffled labels."""
SAID = (*PREDICTORS, *OVER_LABELS, CLASSES, MEASURED)
READOUT, FULL = "readout alone", "full"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters:
    """A dense ReLU network without biases, trained on some classes and fine-tuned to others."""

    depth: int = whole("hidden layers, all of them fine-tuned", at_least=2)
    width: int = whole("units of each hidden layer", at_least=2)
    images: str = one_of("images, all of mean square 1", *PIXELS)
    new_classes: int = whole(
        "classes of fine-tuning, the last ones; the network has learnt the others",
        at_least=2,
        at_most=DIGITS - 2,
    )
    images_per_class: int = whole("training images of each class, old or new", at_least=2)
    optimiser: str = one_of("optimiser, of all that is trained", "sgd", "adam")
    learning_rate: float = real("learning rate of everything but factors", above=0)
    factor_rate: float = real("learning rate of the factors of an update", above=0)
    batch_size: int = whole("images of a step, drawn with replacement", at_least=1)
    steps: int = whole("steps on the old classes", at_least=1)
    readout_steps: int = whole("steps of the new readout alone, before the start", at_least=1)
    tuning_steps: int = whole("steps from the start on, of every arm", at_least=1)
    even_rank: int = whole("rank that is spread evenly, and allotted otherwise", at_least=1)
    more_rank: int = whole("larger rank in every layer", at_least=2)
    gradient_images: int = whole(
        "training images whose gradients are taken at the start", at_least=2
    )

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Rows and columns of the hidden layers' weights."""
        inputs = (PIXELS[self.images], *(self.width,) * (self.depth - 1))
        return tuple((self.width, columns) for columns in inputs)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of the hidden layers, from the pixels on."""
        return tuple(f"layer {number}" for number in range(1, self.depth + 1))

    @property
    def kept(self) -> tuple[int, ...]:
        """Those of `KEPT` that are less than the rank of a whole layer."""
        whole_rank = min(map(min, self.shapes))
        return tuple(count for count in KEPT if count < whole_rank)

    @property
    def even(self) -> str:
        """The arm with the same rank everywhere."""
        return f"rank {self.even_rank}"

    @property
    def more(self) -> str:
        """The arm with a larger rank everywhere."""
        return f"rank {self.more_rank}"

    @property
    def arms(self) -> tuple[str, ...]:
        """The names of everything that is trained from the start on."""
        return (READOUT, FULL, self.even, self.more, *ALLOTTED, REVERSED)

    @property
    def budget(self) -> int:
        """Parameters of the even spread."""
        return self.even_rank * sum(map(sum, self.shapes))

    @property
    def padded_ranks(self) -> tuple[int, ...]:
        """The largest rank that any arm may give each layer."""
        budget = self.budget
        return tuple(
            max(self.more_rank, min(*shape, budget // sum(shape))) for shape in self.shapes
        )

    @property
    def photographed(self) -> trained_networks.Parameters:
        """The point of `trained_networks` that draws as many images: to train with and to test."""
        return trained_networks.Parameters(
            depth=self.depth,
            width=self.width,
            images=self.images,
            classes=DIGITS,
            images_per_class=self.images_per_class + TESTED[self.images],
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            steps=self.steps,
            checkpoints=2,
        )

    def check(self) -> None:
        """Refuse more images than there are, and ranks that no layer has."""
        held_out = self.photographed.held_out_per_class
        most = PER_CLASS[self.images] - TESTED[self.images] - held_out
        require(
            self.images_per_class <= most,
            f"images_per_class must be at most {most} for {self.images!r}",
            self.images_per_class,
        )
        there = self.new_classes * self.images_per_class
        require(
            self.gradient_images <= there,
            f"gradient_images must be at most new_classes images_per_class, {there}",
            self.gradient_images,
        )
        whole_rank = min(map(min, self.shapes))
        require(
            self.even_rank < self.more_rank <= whole_rank,
            f"more_rank must be above even_rank, and at most {whole_rank}",
            self.more_rank,
        )

    def cost(self) -> Cost:
        """Return the planning estimate of a replicate, from timings of the simulation."""
        weights = sum(rows * columns for rows, columns in self.shapes)
        factors = sum(r * sum(s) for r, s in zip(self.padded_ranks, self.shapes, strict=True))
        adam = 1.5e-9 * (self.optimiser == "adam")
        step = 6e-6 * (self.depth + 1) + (5e-11 * self.batch_size + adam) * weights
        adapted = step + 3.5e-9 * weights + adam * factors
        arms = len(self.arms) - 2
        tested = TESTED[self.images] * self.new_classes
        cuts = self.depth * len(self.kept) * tested * weights * 5e-11
        nulls = 8 * self.depth * (2.5e-4 + 1.5e-10 * self.gradient_images**3)
        return Cost(
            seconds=0.04
            + (self.steps + self.tuning_steps) * step
            + (self.readout_steps + self.tuning_steps) * 1e-5
            + arms * self.tuning_steps * adapted
            + cuts
            + nulls,
            memory_mb=600 + 2e-4 * weights,
            prediction_seconds=0.01,
            replicate_kb=12,
        )
