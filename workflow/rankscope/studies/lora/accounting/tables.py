"""Further tables of the study: every public function is one, and its docstring is its caption."""

import pandas as pd

from rankscope.evidence.results import Results

_COLUMNS = {
    "trained_parameters": ("trained, millions", 1e-6),
    "reduction": ("times fewer than the model", 1.0),
    "checkpoint": ("checkpoint, MB", 1.0),
    "model_checkpoint": ("model, MB", 1.0),
}


def accounting(results: Results) -> pd.DataFrame:
    """Trained parameters, half-precision checkpoint and training memory by model and targets.

    Parameters are counted factor by factor. Memory is that of weights and optimiser states in
    gigabytes (activations left out), for full and for adapter training, under three
    conventions: half precision weights and Adam moments; the same with gradients; and mixed
    precision (half precision weights and gradients, single precision copies and moments).
    """
    rows = []
    for point in results:
        data = point.measured.isel(replicate=0)
        row = dict(point.parameters)
        row |= {text: float(data[name]) * unit for name, (text, unit) in _COLUMNS.items()}
        for memory in data.memory.values:
            part = data.sel(memory=memory)
            row[f"{memory}: full, GB"] = float(part.memory_full)
            row[f"{memory}: adapter, GB"] = float(part.memory_adapter)
            row[f"{memory}: ratio"] = float(part.memory_ratio)
        rows.append(row)
    return pd.DataFrame(rows)
