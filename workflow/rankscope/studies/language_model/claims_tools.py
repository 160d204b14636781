"""Find runs in the stacked data and gather evidence from samples over replicates."""

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from rankscope.studies.language_model.parameters import METHODS, Run
from rankscope.evidence.verdicts import Evidence

Sample = tuple[str, np.ndarray]


class Point:
    """One point of the stacked data, with its runs and matrices by name."""

    def __init__(self, simulated: xr.Dataset, index: int) -> None:
        self.data = simulated.isel(point=index)
        targets = str(self.data.targets.values)
        self.runs = [Run.parse(name, targets) for name in str(self.data.runs.values).split("+")]
        used = {letter for run in self.runs if run.method != "head" for letter in run.targets}
        name = "matrix_of_point" if "matrix_of_point" in self.data else "matrix"
        self._rows = [str(label) for label in self.data[name].values]
        # where points share the labels, they are those of the point with most matrices
        self.matrices = [label for label in self._rows if label and label[-1] in used]
        self._several = _occurs_again(simulated, index)
        self._index = index

    def label(self, text: str) -> str:
        """Name what is tested here: the task, and the point's number where that is needed."""
        place = f" (point {self._index + 1})" if self._several else ""
        return f"{self.data.task.values}{place}: {text}"

    def of(self, *methods: str) -> list[Run]:
        """Return the runs of these methods on the point's own targets, by method and rank."""
        own = str(self.data.targets.values)
        found = [r for r in self.runs if r.method in methods and r.targets == own]
        return sorted(found, key=lambda run: (METHODS.index(run.method), run.rank))

    def run(self, variable: str, run: Run) -> xr.DataArray:
        """Return a variable of one run."""
        return self.data[variable].isel(run=[r.name for r in self.runs].index(run.name))

    def matrix(self, values: xr.DataArray, name: str) -> xr.DataArray:
        """Return values of one matrix."""
        return values.isel(matrix=self._rows.index(name))

    def letters(self, letters: str) -> list[str]:
        """Return the matrices of these targets."""
        return [name for name in self.matrices if name[-1] in letters]


def points(simulated: xr.Dataset) -> Iterator[Point]:
    """Go through the points."""
    for index in range(simulated.sizes["point"]):
        yield Point(simulated, index)


def _occurs_again(simulated: xr.Dataset, index: int) -> bool:
    tasks = np.atleast_1d(simulated.task.values)
    return int(np.count_nonzero(tasks == tasks[index])) > 1


def from_samples(
    samples: Sequence[Sample],
    lower: float,
    upper: float,
    *,
    null: float | Sequence[float] = np.nan,
    resolution: float = 0.0,
) -> Evidence:
    """Turn values over replicates into evidence: mean, standard error, n - 1.

    Args:
        samples: what is tested and its values over replicates; ``nan`` are left out, and so
            is a sample without values.
        lower: of the accepted region.
        upper: of the accepted region.
        null: what chance predicts; one, or one per sample.
        resolution: step of the scale that the values are read on, such as one test text. A
            spread below it says nothing, so errors are at least ``resolution / sqrt(12 n)``.
    """
    nulls = np.broadcast_to(np.asarray(null, dtype=float), len(samples))
    rows = []
    for (name, values), chance in zip(samples, nulls, strict=True):
        finite = values[np.isfinite(values)]
        count = len(finite)
        if count:
            error = finite.std(ddof=1) / np.sqrt(count) if count > 1 else np.nan
            error = max(error, resolution / np.sqrt(12 * count)) if count > 1 else error
            rows.append((name, finite.mean(), error, max(count - 1, 1), chance))
    columns = list(zip(*rows, strict=True)) or [(), (), (), (), ()]
    return Evidence(
        point=list(columns[0]),
        estimate=np.array(columns[1], dtype=float),
        error=np.array(columns[2], dtype=float),
        freedom=np.array(columns[3], dtype=float),
        lower=lower,
        upper=upper,
        null=np.array(columns[4], dtype=float),
    )


def accuracy_difference(point: Point, first: Run, second: Run) -> Sample:
    """Return the paired difference of two runs' test accuracies."""
    values = point.run("test_accuracy", first) - point.run("test_accuracy", second)
    return point.label(f"{first.name} - {second.name}"), values.values


def resolution(simulated: xr.Dataset) -> float:
    """Return what one test text counts in an accuracy, at the smallest test set."""
    return 1.0 / float(np.min(simulated.test_texts.values))
