"""Claims on adapters of equal parameters: the paper's, those derived, and what is out of reach."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from rankscope.evidence.claims import FULL_TEXT, claim, unreached
from rankscope.evidence.region import at_least, at_most
from rankscope.evidence.results import Point, Results
from rankscope.evidence.samples import Sample

PAPER = "Albert et al., arXiv 2502.00987"
CLEAR = 0.05
"""Predicted difference of two errors above which a count of dimensions takes sides."""
NOTICED = "a hundredth of the target's energy: less would not be noticed"
BETTER, WORSE = at_most(-0.01, why=NOTICED), at_least(0.01, why=NOTICED)
TENTH_BETTER, TENTH_WORSE = {"holds": -0.1, "fails": 0.1}, {"holds": 0.1, "fails": -0.1}
"""What a difference is planted as: the bounds are too near to nothing to plant about them."""


def error(point: Point, adapter: str) -> xr.DataArray:
    """Return an adapter's relative squared error over replicates; nan where it did not converge."""
    measured = point.measured.sel(adapter=adapter, drop=True)
    return measured.error.where(measured.converged)


@claim(
    "B: full rank beats low rank at equal parameters",
    "At equal parameters RandLoRA approximates a target better than LoRA can: the difference of "
    "their errors is {accepted}.",
    accepted=BETTER,
    estimate="relative squared error of RandLoRA minus the best LoRA's",
    scope="weight space, all target spectra of the grid",
    source=f"{PAPER}, sections 1 and 4",
    basis=FULL_TEXT,
    null="no difference",
    chance=0.0,
    figure="crossover",
    headline=True,
    targets=TENTH_BETTER,
)
def randlora_beats_lora(results: Results) -> Iterator[Sample]:
    """Error of RandLoRA minus that of the best LoRA, weight space."""
    for point in results.where(input_decay=0.0):
        yield Sample(point, error(point, "RandLoRA") - error(point, "LoRA"))


@claim(
    "B: and in activation space",
    "The same holds for the layer's outputs with anisotropic inputs: the difference is {accepted}.",
    accepted=BETTER,
    estimate="relative squared error of RandLoRA minus the best LoRA's",
    scope="inputs of decaying variance in random directions",
    source=f"{PAPER}, sections 1 and 4",
    basis=FULL_TEXT,
    null="no difference",
    chance=0.0,
    figure="methods",
    targets=TENTH_BETTER,
)
def randlora_beats_lora_on_outputs(results: Results) -> Iterator[Sample]:
    """The same in activation space, with anisotropic inputs."""
    for point in results.where(lambda p: p.input_decay > 0):
        yield Sample(point, error(point, "RandLoRA") - error(point, "LoRA"))


@claim(
    "B: crossover by counting dimensions",
    "RandLoRA wins where LoRA's leading directions hold less of the target than P / (D d), the "
    "share of the parameters: its advantage in the predicted direction is {accepted}.",
    accepted=WORSE,
    estimate="RandLoRA's advantage in the predicted direction",
    scope="weight space, predicted margin above 0.05",
    null="no difference",
    chance=0.0,
    figure="crossover",
    headline=True,
    targets=TENTH_WORSE,
)
def crossover(results: Results) -> Iterator[Sample]:
    """RandLoRA's advantage times its predicted sign, where the count is clear."""
    for point in results.where(input_decay=0.0):
        margin = float(point.predicted.lora_error - point.predicted.dimension_count)
        if abs(margin) > CLEAR:
            gain = error(point, "LoRA") - error(point, "RandLoRA")
            yield Sample(point, np.sign(margin) * gain)


@claim(
    "B: every parameter counts",
    "Of a target without preferred directions RandLoRA holds {accepted} times P / (D d) of the "
    "energy, its share of the parameters.",
    accepted=at_least(1, why="P free numbers span P of D d generic directions, and may choose"),
    estimate="(1 - error) over P / (D d)",
    scope="weight space, flat targets of full rank and Gaussian targets",
    null="the Gamma_j alone, d / (d + r)",
    figure="crossover",
)
def every_parameter_counts(results: Results) -> Iterator[Sample]:
    """Energy that RandLoRA holds over its share of the parameters, isotropic targets."""
    for point in results.where(input_decay=0.0, target=("flat", "gaussian")):
        if point.target_rank == point.columns:
            held, share = 1 - error(point, "RandLoRA"), 1 - point.predicted.dimension_count
            yield Sample(point, held / share, chance=float(point.predicted.gamma_share))


@claim(
    "C: half the rank loses",
    "At equal parameters RandLoRA-b, of half rank, approximates worse than RandLoRA: the "
    "difference of their errors is {accepted}.",
    accepted=WORSE,
    estimate="relative squared error of RandLoRA-b minus RandLoRA's",
    scope="all target spectra of the grid, weight and activation space",
    source=f"{PAPER}, table 2, there as accuracies",
    basis=FULL_TEXT,
    null="no difference",
    chance=0.0,
    figure="methods",
    headline=True,
    targets=TENTH_WORSE,
)
def half_rank_loses(results: Results) -> Iterator[Sample]:
    """Error of RandLoRA-b (half rank) minus that of RandLoRA."""
    for point in results.where(methods="all"):
        yield Sample(point, error(point, "RandLoRA-b") - error(point, "RandLoRA"))


@claim(
    "C: rank r loses",
    "At equal parameters RandLoRA-a, of rank r, approximates worse than RandLoRA: the difference "
    "of their errors is {accepted}.",
    accepted=WORSE,
    estimate="relative squared error of RandLoRA-a minus RandLoRA's",
    scope="all target spectra of the grid, weight and activation space",
    source=f"{PAPER}, table 2, there as accuracies",
    basis=FULL_TEXT,
    null="no difference",
    chance=0.0,
    figure="methods",
    targets=TENTH_WORSE,
)
def low_rank_loses(results: Results) -> Iterator[Sample]:
    """Error of RandLoRA-a (rank r) minus that of RandLoRA."""
    for point in results.where(methods="all"):
        yield Sample(point, error(point, "RandLoRA-a") - error(point, "RandLoRA"))


@claim(
    "C: better than other random bases",
    "At equal parameters RandLoRA approximates better than VeRA and NoLA: the difference to the "
    "better of the two is {accepted}.",
    accepted=BETTER,
    estimate="relative squared error of RandLoRA minus the better of the two",
    scope="all target spectra of the grid, weight and activation space",
    source=f"{PAPER}, table 11, there as accuracies",
    basis=FULL_TEXT,
    null="no difference",
    chance=0.0,
    figure="methods",
    targets=TENTH_BETTER,
)
def beats_other_random_bases(results: Results) -> Iterator[Sample]:
    """Error of RandLoRA minus the least of VeRA and NoLA at equal parameters."""
    for point in results.where(methods="all"):
        others = np.minimum(error(point, "VeRA"), error(point, "NoLA"))
        yield Sample(point, error(point, "RandLoRA") - others)


_CLIP = "out of reach here: needs CLIP or DINOv2 and 22 image data sets"

accuracy_by_rank = unreached(
    "Z: rank limits accuracy",
    "At equal parameters accuracy on CLIP ViT-B/32 grows with the rank: 83.74 (LoRA), 83.62 "
    "(RandLoRA-a), 85.32 (RandLoRA-b), 85.98 (RandLoRA).",
    scope=f"{_CLIP}; the paper gives single numbers without a spread",
    source=f"{PAPER}, table 2",
    basis=FULL_TEXT,
)
vision = unreached(
    "Z: on par with full fine-tuning of vision models",
    "RandLoRA reaches the accuracy of full fine-tuning on vision models, LoRA falls short.",
    scope=_CLIP,
    source=f"{PAPER}, table 11",
    basis=FULL_TEXT,
)
commonsense = unreached(
    "Z: commonsense reasoning",
    "RandLoRA beats LoRA at the budget of rank 32 with 170,000 examples, and loses on Llama3 with "
    "15,000.",
    scope="out of reach here: needs Qwen2, Phi3 or Llama3",
    source=f"{PAPER}, table 1",
    basis=FULL_TEXT,
)
glue = unreached(
    "Z: GLUE",
    "RandLoRA, VeRA and LoRA are within a point of each other on RoBERTa.",
    scope="out of reach here: needs RoBERTa and GLUE",
    source=f"{PAPER}, table 4",
    basis=FULL_TEXT,
)
closeness = unreached(
    "Z: closer to full fine-tuning",
    "RandLoRA's activations are closer to those of full fine-tuning than LoRA's, and both lie in "
    "one basin with it.",
    scope=f"{_CLIP}; the study language_model asks the same of a small model",
    source=f"{PAPER}, sections 6.1 and 6.2",
    basis=FULL_TEXT,
)
