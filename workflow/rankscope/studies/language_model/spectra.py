"""The spectra of fine-tuned updates, for the page across the papers."""

from rankscope.comparison.ranks import NEEDED, Spectrum
from rankscope.evidence.results import Point, Results
from rankscope.studies.language_model.parameters import Run
from rankscope.studies.language_model.selection import of, runs

METHODS = {"full": "full fine-tuning", "lora": "LoRA", "randlora": "RandLoRA", "vera": "VeRA"}
ATTENTION = "qkvo"
"""Targets whose matrices are square."""


def spectra(results: Results) -> list[Spectrum]:
    """Return spectra of the attention matrices' updates, one per method.

    Of a method's runs at the first point that has full fine-tuning, the one of the largest
    rank is taken.
    """
    for point in results.where(lambda point: bool(runs(point, "full"))):
        largest = [runs(point, method)[-1] for method in METHODS if runs(point, method)]
        return [_update(point, run) for run in largest]
    return []


def _update(point: Point, run: Run) -> Spectrum:
    values = of(point, "singular_value", run)
    square = [name for name in values.matrix.values if name[-1] in ATTENTION]
    values = values.sel(matrix=square).stack(sample=("replicate", "matrix")).fillna(0.0)
    values = values.transpose("sample", "index")
    size = values.sizes["index"]
    label = f"{point.model}, {METHODS[run.method]}{f' ({run.rank})' if run.rank else ''}"
    return Spectrum(
        question=NEEDED, label=label, values=values[values.any("index")].values, shape=(size, size)
    )
