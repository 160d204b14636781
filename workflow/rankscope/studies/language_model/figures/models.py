"""Figure about whole models: their representations."""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results
from rankscope.studies.language_model.figures.layout import ROWS, richest
from rankscope.studies.language_model.parameters import ADAPTERS
from rankscope.studies.language_model.selection import of, runs


def representations(results: Results) -> Figure:
    """Linear CKA with the fully fine-tuned model, of the test texts' last states.

    Means over replicates. The grey band is full fine-tuning from another seed, the dotted line
    the pretrained model: what lies between them is what a method adds.
    """
    compared = results.where(lambda point: "cka" in point.measured)
    if not len(compared):
        return panels.nothing("No point has full fine-tuning, which others are compared with.")
    point = richest(compared, "full", "lora")
    others = runs(point, "head", *ADAPTERS)
    figure, axes = plt.subplots(figsize=(style.ONE_COLUMN, 0.24 * len(others) + 1.2))
    for place, run in enumerate(others):
        mean, half = panels.interval(of(point, "cka", run))
        bar = np.nan_to_num(half)
        axes.errorbar(mean, place, xerr=bar, fmt="o", ms=4, color=ROWS, label="mean")
    axes.axvline(float(point.measured.cka_pretrained.mean()), **style.PAPER, label="pretrained")
    if "cka_full" in point.measured:
        mean, half = panels.interval(point.measured.cka_full)
        half = np.nan_to_num(half)
        axes.axvspan(mean - half, mean + half, color="0.4", alpha=0.4, label="full, other seed")
    axes.set_yticks(range(len(others)), [run.name for run in others])
    axes.invert_yaxis()
    axes.set(xlabel="linear CKA with full fine-tuning")
    figure.suptitle("Similarity to the fully fine-tuned model")
    panels.legend_below(figure)
    return figure
