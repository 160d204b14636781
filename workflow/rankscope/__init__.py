"""rankscope: a study of rank in neural networks.

The package is the science and its bookkeeping; it knows nothing of Snakemake. Two lines
read what a run has made::

    results = rankscope.load("results/lora/teacher")
    [(point.rank, float(point.measured.trained_error.mean())) for point in results]
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

__version__ = "0.3.0"

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

    from rankscope.evidence.results import Results

# Each function imports what it needs, so that planning a workflow waits for none of it.


def load(folder: str | Path) -> "Results":
    """Load the collected results of a study.

    Args:
        folder: the study's results, for example ``"results/effective_dimension"``.

    Returns:
        Its points, in the order of the grid. A variable of the same name in a point's
        ``measured`` and ``predicted`` means "compare these".

    Raises:
        rankscope.errors.MissingError: if the study has not been run.
        rankscope.errors.DamagedFileError: if a file cannot be read.
    """
    from rankscope.evidence import results

    return results.read(folder)


def claims(folder: str | Path) -> "pd.DataFrame":
    """Load the verdicts of a study, or of all studies.

    Args:
        folder: a study's results, or ``"results"`` for all.

    Returns:
        A row per claim and definition; columns: `rankscope.evidence.verdicts.CLAIM_COLUMNS`.

    Raises:
        rankscope.errors.MissingError: if nothing has been judged.
    """
    import pandas as pd

    from rankscope.errors import MissingError

    file = Path(folder) / "claims.csv"
    if not file.exists():
        raise MissingError(f"{file} does not exist; `make study` makes it")
    return pd.read_csv(file)


def figure(folder: str | Path, name: str) -> "Figure":
    """Draw a figure of a study from its results.

    Args:
        folder: the study's results, whose last parts are the study's name, such as
            ``"results/lora/teacher"``.
        name: the figure's name, such as ``"optimum"``.

    Raises:
        rankscope.errors.MissingError: if there is no such figure, or no results.
    """
    from rankscope.drawing import style
    from rankscope.errors import MissingError
    from rankscope.evidence import results
    from rankscope.jobs import tabulate
    from rankscope.planning import study

    parts = Path(folder).resolve().parts
    known = [one for one in study.names() if parts[-one.count("/") - 1 :] == tuple(one.split("/"))]
    if not known:
        raise MissingError(f"{folder} is not the folder of a study; known are {study.names()}")
    figures = study.makes(known[0], "figures")
    if name not in figures:
        raise MissingError(f"{known[0]} has no figure {name!r}; known are {', '.join(figures)}")
    style.apply()
    function = getattr(study.part(known[0], "figures"), name)
    drawn: Figure = tabulate.call(function, results.read(folder), Path(folder))
    return drawn


def probe(
    adapter: str | Path,
    base: str | Path | None = None,
    *others: str | Path,
    modules: Sequence[str] = (),
    **settings: Any,
) -> "xr.Dataset":
    """Probe a saved adapter: see `rankscope.probe.probing.probe`.

    Args:
        adapter: the adapter's folder, or a tuned model's folder or file.
        base: the base model's folder or file; without it spectra, ranks and similarity remain.
        others: other adapters of the same model, to compare with.
        modules: patterns of the modules that are probed, such as ``"*.q_proj"``; all without.
        settings: fields of `rankscope.probe.measure.Settings`.

    Returns:
        A dataset with a ``matrix`` dimension; what was not probed is in its ``unprobed`` and
        ``unprobed_why``, if anything was not.

    Raises:
        rankscope.probe.ProbeError: if nothing can be probed.
    """
    from rankscope.probe import probing

    return probing.of_paths(adapter, base, *others, modules=modules, **settings)
