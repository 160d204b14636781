"""What the workflow costs beside the science: planning, running, nothing to do, collecting.

Points of the study ``paced`` (tests/paced) do next to nothing, so what is measured is the
workflow. CPU seconds are those of all processes together; wall-clock seconds stand beside
them. The overhead per point is the CPU time of the whole run less that of computing and
writing the same points in one process, by number of points.

A study is large above 5,000 points, and planned otherwise; `large` plans 100,000.

Run with ``python benchmarks/workflow.py [plan] [large] [collect]``; all together take some minutes.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import trials  # noqa: E402

SIZES = (100, 1000, 5000, 10_000)
LENGTHS = 50
"""Different sizes of the points, each of which is a group of the collected file."""
PLANNED = 100_000
COLLECTED, PEERS = 10_000, 1_000
TARGETS = ("results/paced/simulated.nc", "results/paced/predicted.nc")
STUDY = (sys.executable, "-m", "rankscope.running.command_line", "study")
SNAKEMAKE = (sys.executable, "-m", "snakemake")

ALONE = """
import json, os, sys
from pathlib import Path
from rankscope.jobs import compute
from rankscope.planning import configuration
config = configuration.from_environment()
for stage in ("simulated", "predicted"):
    compute.compute(stage, [point.file(stage) for point in config.studies["paced"].points])
"""

WAYS = {
    "rankscope": """
from rankscope.jobs import collect
collect.collect(points, "simulated", Path("all.nc"), {})
""",
    "one mean a point": """
import rankscope
[float(point.measured.rank_.mean()) for point in rankscope.load("collected")]
""",
    "load and concat": """
import xarray as xr
parts = []
for path in paths:
    with xr.open_dataset(path) as part:
        parts.append(part.load())
xr.concat(parts, dim="point", data_vars="all", coords="different", compat="equals")\\
    .to_netcdf("all.nc")
""",
    "open_mfdataset": """
import xarray as xr
with xr.open_mfdataset(paths, combine="nested", concat_dim="point", data_vars="all",
                       coords="different", compat="equals") as data:
    data.load().to_netcdf("all.nc")
""",
}


def measured(command: tuple[str, ...], folder: Path, **extra: str) -> tuple[float, float, float]:
    """Run a command; return CPU seconds with all its children, wall seconds and peak MB."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=trials.environment(folder, PACED_LOG="", **extra),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    if status != 0:
        raise RuntimeError(f"{' '.join(command)[:200]} failed in {folder}")
    wall = time.perf_counter() - begin
    return used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024


def plan(folder: Path) -> None:
    """Print a row per number of points."""
    tree = trials.sources(folder / "tree")
    print(
        f"{'points':>7}{'dry run':>16}{'run':>18}{'work alone':>12}{'overhead/point':>16}"
        f"{'nothing to do':>16}{'status':>14}   (CPU s / wall s)"
    )
    for count in SIZES:
        config = {
            "seed": 1,
            "confidence": 0.95,
            "studies": {"paced": {"replicates": 2, "grid": grid(count, LENGTHS)}},
        }
        here = trials.project(folder / f"run-{count}", tree, config)
        alone = trials.project(folder / f"alone-{count}", tree, config)
        dry = measured((*SNAKEMAKE, *TARGETS, "-n", "-q", "rules"), here)
        run = measured((*STUDY, *TARGETS), here)
        work = measured((sys.executable, "-c", ALONE), alone, RANKSCOPE_CONFIG=json.dumps(config))
        nothing = measured((*STUDY, *TARGETS), here)
        status = measured((*STUDY[:3], "status"), here)
        overhead = 1000 * (run[0] - work[0]) / count
        print(
            f"{count:7}{pair(dry):>16}{pair(run):>18}{work[0]:12.1f}{overhead:13.1f} ms"
            f"{pair(nothing):>16}{pair(status):>14}",
            flush=True,
        )
        shutil.rmtree(here)
        shutil.rmtree(alone)


def large(folder: Path) -> None:
    """Print what planning takes of a study whose points nobody would run here."""
    tree = trials.sources(folder / "tree")
    studies = {"paced": {"replicates": 2, "grid": grid(PLANNED, 250)}}
    here = trials.project(folder / "run", tree, {"seed": 1, "confidence": 0.95, "studies": studies})
    dry = measured((*SNAKEMAKE, *TARGETS, "-n", "-q", "rules"), here)
    print(f"{PLANNED} points planned: {pair(dry)} s CPU / wall, {dry[2]:.0f} MB", flush=True)


def grid(count: int, sizes: int) -> dict[str, list[float]]:
    """Return axes of ``count`` points, of so many sizes."""
    return {
        "size": list(range(1, sizes + 1)),
        "pause": [1e-9 * index for index in range(count // sizes)],
    }


def pair(cost: tuple[float, float, float]) -> str:
    """Show CPU and wall seconds."""
    return f"{cost[0]:.1f} / {cost[1]:.1f}"


SETUP = """
from pathlib import Path
from rankscope.planning import configuration, parameters
import dataclasses
@dataclasses.dataclass(frozen=True, kw_only=True)
class Parameters:
    number: int = parameters.whole("number")
    slope: float = parameters.real("slope", default=0.5)
points = [configuration.Point(study="some", name=f"{n:05}", parameters=Parameters(number=n))
          for n in range(COUNT)]
paths = [point.file("simulated") for point in points]
"""
FILL = """
import numpy as np, xarray as xr
from rankscope import datasets
generator = np.random.default_rng(0)
for point in points:
    layers = LAYERS[point.parameters.number % len(LAYERS)]
    data = xr.Dataset(
        {"rank_": datasets.variable(
            ("replicate", "layer"), generator.normal(size=(8, layers)), "rank")},
        coords={"layer": datasets.variable("layer", np.arange(1, layers + 1), "layer"),
                "replicate": datasets.variable("replicate", np.arange(8), "repetition")})
    values = parameters.as_dict(point.parameters)
    labels = parameters.labels(point.parameters)
    datasets.write(datasets.with_parameters(data, values, labels), point.file("simulated"))
"""
KINDS = {"equal, small": (COLLECTED, [40]), "of all lengths": (400, list(range(500, 60_000, 1500)))}
"""How many points, and their numbers of layers: the second kind is 400 MB, or 800 padded."""


def collect(folder: Path) -> None:
    """Print a row per way of collecting; the slow ways get fewer points."""
    for kind, (count, layers) in KINDS.items():
        here = folder / kind
        here.mkdir()
        _python(f"COUNT = {count}; LAYERS = {layers}" + SETUP + FILL, here)
        print(f"{kind:20}{'points':>8}{'CPU s':>8}{'wall s':>8}{'ms/point':>10}{'MB':>8}")
        for way, code in WAYS.items():
            if way == "open_mfdataset" and importlib.util.find_spec("dask") is None:
                print(f"{way:20}needs dask, which rankscope does not")
                continue
            if way == "one mean a point":
                collected = here / "collected"
                collected.mkdir()
                for stage in ("simulated", "predicted"):
                    shutil.copy(here / "all.nc", collected / f"{stage}.nc")
            used = count if way in ("rankscope", "one mean a point") else min(count, PEERS)
            if way == "load and concat" and len(layers) > 1:
                print(f"{way:20}cannot join points of different lengths")
                continue
            cpu, wall, memory = _python(f"COUNT = {used}" + SETUP + code, here)
            print(
                f"{way:20}{used:8}{cpu:8.1f}{wall:8.1f}{1000 * cpu / used:10.2f}{memory:8.0f}",
                flush=True,
            )


def _python(program: str, folder: Path) -> tuple[float, float, float]:
    return measured((sys.executable, "-c", program), folder, **IMPORTABLE)


IMPORTABLE = {"PYTHONPATH": str(ROOT / "workflow")}

if __name__ == "__main__":
    parts = [
        part for part in (plan, large, collect) if part.__name__ in sys.argv[1:] or not sys.argv[1:]
    ]
    for part in parts:
        with tempfile.TemporaryDirectory() as place:
            part(Path(place))
