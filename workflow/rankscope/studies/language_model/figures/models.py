"""Figures about whole models: their representations, and the loss between them."""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results
from rankscope.studies.language_model.figures.layout import looks, richest, spread
from rankscope.studies.language_model.selection import of, runs


def representations(results: Results) -> Figure:
    """Linear CKA with the fully fine-tuned model after each block, on validation tokens.

    Means over replicates. The grey band is full fine-tuning from another seed, the dotted line
    the pretrained model: what lies between them is what a method adds.
    """
    compared = results.where(lambda point: "cka" in point.measured)
    if not len(compared):
        return panels.nothing("No point has full fine-tuning, which others are compared with.")
    point = richest(compared, "full", "lora")
    figure, axes = plt.subplots(figsize=(style.TWO_COLUMNS * 0.8, 3.4))
    blocks = point.measured.block.values.tolist()
    place = np.arange(len(blocks))
    others = runs(point, "head", "lora", "rslora", "randlora", "vera")
    for run, shift in zip(others, spread(len(others), 0.5), strict=True):
        values = of(point, "cka", run).transpose("replicate", "block")
        drawn = looks(results)[run.name] | {"linestyle": "none"}
        panels.marks(axes, place + shift, values, **drawn)
    pretrained = point.measured.cka_pretrained.mean("replicate")
    axes.hlines(
        pretrained, place - 0.4, place + 0.4, colors=style.PAPER["color"], linestyles=":",
        label="pretrained",
    )  # fmt: skip
    if "cka_full" in point.measured:
        mean, half = panels.interval(point.measured.cka_full.transpose("replicate", "block"))
        axes.bar(
            place, 2 * np.nan_to_num(half), 0.8, bottom=mean - np.nan_to_num(half), color="0.4",
            alpha=0.4, edgecolor="0.4", label="full, other seed",
        )  # fmt: skip
    axes.set_xticks(place, [_block(name) for name in blocks])
    axes.set(ylabel="linear CKA with full fine-tuning", title="Closeness of representations")
    panels.legend_below(figure)
    return figure


def loss_plane(results: Results) -> Figure:
    """Training loss on the plane through LoRA, full fine-tuning and RandLoRA.

    Mean over replicates, whose planes differ. Updates and heads are mixed linearly; loss is
    that of a fixed part of the training texts.
    """
    computed = results.where(lambda point: "plane_loss" in point.measured)
    if not len(computed):
        return panels.nothing("No point has LoRA, full fine-tuning and RandLoRA on a plane.")
    loss = computed.points[0].measured.plane_loss.mean("replicate")
    figure, axes = plt.subplots(figsize=(style.TWO_COLUMNS * 0.6, 3.4))
    surface = axes.contourf(loss.plane_x, loss.plane_y, loss, levels=15, cmap="viridis")
    figure.colorbar(surface, label="cross entropy / nat")
    for name, x, y in (("LoRA", 0.0, 0.0), ("full", 1.0, 0.0), ("RandLoRA", 0.5, 1.0)):
        axes.plot(x, y, "o", color="white", mec="black")
        axes.annotate(name, (x, y), xytext=(5, 5), textcoords="offset points", color="white")
    axes.set(xlabel="from LoRA to full fine-tuning", ylabel="towards RandLoRA")
    axes.set_xticks([-0.5, 0, 0.5, 1, 1.5])
    axes.set_title("Loss between the three models")
    return figure


def _block(name: str) -> str:
    layer, part = name.split()
    return f"layer {layer}: {'output' if part == 'layer' else part}"
