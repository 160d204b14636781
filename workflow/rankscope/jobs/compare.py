"""Compare the spectra of all studies that have some: a table of ranks, and figures."""

from collections.abc import Sequence
from pathlib import Path

from rankscope.comparison import figures, ranks
from rankscope.drawing import style
from rankscope.jobs import plot, tabulate
from rankscope.planning import code


def compare(names: Sequence[str], results: Path) -> None:
    """Write the comparison of studies into their results folder."""
    folder = results / "comparison"
    style.apply()
    order = list(ranks.QUESTIONS)
    spectra = sorted(ranks.gather(names, results), key=lambda named: order.index(named[1].question))
    table = ranks.ranks_of(spectra)
    tabulate.write(table, folder / "tables" / "ranks")
    for name in code.public_functions(figures.__name__):
        function = getattr(figures, name)
        plot.save(function(spectra), function, folder / "figures")
