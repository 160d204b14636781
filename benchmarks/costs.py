"""How well `cost()` of each study estimates time and memory: measured over estimated.

From each study of a configuration some points are taken, spread evenly from the cheapest to the
dearest that is within the limit; each is computed once in a process of its own, with as many
replicates as one call of its simulation takes. Time is CPU time. Memory is the process's peak,
and what the replicates that were left out would add: a job holds all of them twice when it
joins them. The benchmark files of a run do not serve: Snakemake looks at a job every half
minute, so that of a job of 40 s it may see the first tenth.

Run with ``python benchmarks/costs.py [CONFIGURATION] [SECONDS] [STUDY...]``; the limit, 5 s unless
it is given, is on the estimate of one call.
"""

import dataclasses
import math
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

for _library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_library}_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).parent.parent / "workflow"))

from rankscope.jobs import collect, predict, simulate  # noqa: E402, F401 - jobs import as much
from rankscope.planning import configuration, study  # noqa: E402

POINTS = 5
WITHIN = 2.0
"""An estimate is off if it is more than this factor above or below what is measured."""


@dataclasses.dataclass(frozen=True)
class Used:
    """CPU seconds and peak megabytes of a process, and what it said."""

    seconds: float
    memory_mb: float
    said: str


def alone(function: Callable[[], object]) -> Used:
    """Call a function in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(function()).encode())
        os._exit(0)
    os.close(writing)
    _, status, used = os.wait4(child, 0)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    if status != 0:
        raise RuntimeError(f"exit status {status}")
    return Used(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said)


def sample(points: list[configuration.Point], limit: float) -> list[configuration.Point]:
    """Choose points within the limit, evenly from the cheapest to the dearest."""
    points = sorted(points, key=lambda point: point.parameters.cost().seconds)
    within = [point for point in points if call(point)[1] <= limit] or points[:1]
    places = {round(i * (len(within) - 1) / (POINTS - 1)) for i in range(POINTS)}
    return [within[place] for place in sorted(places)]


def call(point: configuration.Point) -> tuple[int, float]:
    """Return the replicates of one call of a point's simulation, and its estimated seconds."""
    seconds = point.parameters.cost().seconds
    count = simulate.chunk(study.part(point.study, "simulation"), seconds)
    return count, count * seconds


def row(one: configuration.Study, stage: str, limit: float) -> str:
    """Measure a sample of a study's points; show the ratios."""
    times, memories = [], []
    for point in sample(list(one.points), limit):
        cost = point.parameters.cost()
        count = min(call(point)[0], one.replicates)
        part = study.part(one.name, study.STAGES[stage][0])
        with tempfile.TemporaryDirectory() as place:

            def compute(part=part, point=point, count=count, place=place) -> int:
                if stage == "predicted":
                    return predict.prediction(part, point.parameters).nbytes
                return simulate.replicates(
                    part, one.name, point.parameters, 7, 0, count, Path(place)
                ).nbytes

            used = alone(compute)
        calls = one.replicates / count if stage == "simulated" else 1.0
        memory = used.memory_mb + 2 * (calls - 1) * int(used.said) / 2**20
        estimated = cost.seconds * count if stage == "simulated" else cost.prediction_seconds
        times.append((used.seconds, estimated))
        memories.append(memory / cost.memory_mb)
    total = sum(used for used, _ in times) / sum(estimated for _, estimated in times)
    spread = [used / estimated for used, estimated in times]
    off = [factor for factor in (total, max(memories)) if abs(math.log(factor)) > math.log(WITHIN)]
    return (
        f"{one.name:29}{stage:10}{len(times):7}{sum(used for used, _ in times):9.2f}{total:8.2f}"
        f"{min(spread):8.2f}{statistics.median(spread):8.2f}{max(spread):8.2f}"
        f"{max(memories):9.2f}{'   off' if off else ''}"
    )


def main(arguments: list[str]) -> None:
    """Print a row per study and stage."""
    path, seconds, *names = [*arguments, *("presets/cluster.yaml", "5")[len(arguments) :]]
    config = configuration.read(Path(path))
    print(f"{'measured over estimated':39}{'points':>7}{'CPU s':>9}{'time':>8}{'least':>8}"
          f"{'median':>8}{'most':>8}{'memory':>9}")  # fmt: skip
    for name, one in config.studies.items():
        if not names or name in names:
            for stage in study.STAGES:
                print(row(one, stage, float(seconds)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
