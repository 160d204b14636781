"""Figures of the study: every public function is one, and its docstring is its caption."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from rankscope.drawing import panels, style
from rankscope.evidence.results import Results


def accounting(results: Results) -> Figure:
    """Parameters that adapters of published models train, and what that saves.

    Left: trained parameters by model, adapted matrices and rank, enumerated factor by factor.
    Right: memory of full over adapter training for weights and optimiser states, activations
    left out, under three conventions, for the first of these adapters; dotted: 3 times, which
    the paper states. Nothing here is random.
    """
    figure, axes = plt.subplots(1, 2, figsize=(style.TWO_COLUMNS, 3.6), sharey=True)
    models = results.values("model")
    adapters = list(dict.fromkeys((point.targets, point.rank) for point in results))
    for number, (targets, rank) in enumerate(adapters):
        points = results.where(targets=targets, rank=rank)
        axes[0].plot(
            [float(point.measured.trained_parameters[0]) / 1e6 for point in points],
            [models.index(point.model) for point in points],
            "o",
            color=style.COLOURS[number % len(style.COLOURS)],
            label=f"{targets}, rank {rank}",
        )
    first = results.where(targets=adapters[0][0], rank=adapters[0][1])
    for memory, marker in zip(results.points[0].measured.memory.values, "o^s", strict=True):
        axes[1].plot(
            [float(point.measured.memory_ratio.sel(memory=memory)[0]) for point in first],
            [models.index(point.model) for point in first],
            marker,
            color="0.3",
            label=str(memory),
        )
    axes[1].axvline(3, label="3 times", **style.PAPER)
    axes[0].set(xscale="log", xlabel="trained parameters, millions")
    axes[0].set_yticks(range(len(models)), models)
    axes[1].set(xlim=(0, None), xlabel="memory, full / adapter")
    panels.legend_below(figure, bars=False)
    figure.suptitle("What adapters train and save")
    return figure
