"""Make the results of the studies beside this file, and the report of them: build.py.

Run in an empty folder with the package on the path and these studies among its own. It goes the
way of a run, in one process and in memory: simulate, predict, judge, draw, report.
"""

import inspect
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd

from rankscope.comparison import figures, ranks
from rankscope.drawing import style
from rankscope.evidence import claims, results, verdicts
from rankscope.planning import code, configuration, parameters, study
from rankscope.planning.configuration import RESULTS
from rankscope.report import page

BENCHMARK = "s\th:m:s\tmax_rss\tmax_vms\tcpu_time\n{}\t0:00:01\t{}\t900.0\t0.5\n"


def simulated(one: configuration.Study) -> results.Results:
    """Compute the points of a study."""
    points = {}
    for point in one.points:
        streams = np.random.SeedSequence(len(points)).spawn(one.replicates)
        points[point.name] = (
            parameters.as_dict(point.parameters),
            study.part(one.name, "simulation").simulate(point.parameters, streams),
            study.part(one.name, "theory").predict(point.parameters),
        )
    return results.of(points)


def judge(name: str, data: results.Results, confidence: float) -> None:
    """Write the verdicts of a study."""
    tables, rows = [], []
    for claim in claims.of(study.part(name, "claims")):
        named = {one.name: one for one in claim.definitions} or {"": None}
        samples = {key: claim.samples(data, one) for key, one in named.items()}
        points = verdicts.judge(claim, samples, confidence)
        tables += [points] if len(points) else []
        rows += [verdicts.summarise(claim, points[points.definition == n], n) for n in named]
    folder = RESULTS / name
    folder.mkdir(parents=True)
    pd.concat(tables).to_csv(folder / "verdicts.csv", index=False)
    table = pd.DataFrame(rows).reindex(columns=list(verdicts.CLAIM_COLUMNS))
    table.to_csv(folder / "claims.csv", index=False)


def draw(name: str, data: results.Results) -> None:
    """Write the figures and tables of a study."""
    judged = pd.read_csv(RESULTS / name / "verdicts.csv")
    for part in ("figures", "tables"):
        for item in study.makes(name, part):
            function = getattr(study.part(name, part), item)
            taken = (data, judged)[: len(inspect.signature(function).parameters)]
            stem = RESULTS / name / part / item
            if part == "figures":
                style.save(function(*taken), stem)
            else:
                stem.parent.mkdir(exist_ok=True)
                function(*taken).to_csv(stem.with_suffix(".csv"), index=False)


def compare(found: dict[str, results.Results]) -> None:
    """Write the comparison of the studies that have spectra."""
    spectra = [
        (name, spectrum)
        for name, data in found.items()
        if study.has(name, "spectra")
        for spectrum in study.part(name, "spectra").spectra(data)
    ]
    folder = RESULTS / "comparison"
    (folder / "tables").mkdir(parents=True)
    ranks.ranks_of(spectra).to_csv(folder / "tables" / "ranks.csv", index=False)
    for item in code.public_functions(figures.__name__):
        style.save(getattr(figures, item)(spectra), folder / "figures" / item)


def main() -> None:
    """Make everything that the report shows, and the report."""
    config = configuration.from_environment()
    style.apply()
    found = {name: simulated(one) for name, one in config.studies.items()}
    for name, data in found.items():
        judge(name, data, config.confidence)
        draw(name, data)
        logs = RESULTS / "logs" / name
        logs.mkdir(parents=True)
        for job, seconds, memory in (("simulated_1", 70, 300), ("simulated_2", 51, "1200.5")):
            (logs / f"{job}.tsv").write_text(BENCHMARK.format(seconds, memory))
        (logs / "verify.tsv").write_text(BENCHMARK.format(0.4, "-"))
    compare(found)
    parts = [
        pd.read_csv(RESULTS / name / "claims.csv").assign(study=name) for name in config.studies
    ]
    pd.concat(parts).to_csv(RESULTS / "claims.csv", index=False)
    record = dict.fromkeys(("rankscope", "commit", "python", "platform"), "unknown")
    record |= {"packages": {}, "configuration": json.loads(os.environ[configuration.ENVIRONMENT])}
    (RESULTS / "provenance.json").write_text(json.dumps(record))
    page.write(Path(RESULTS / "report.html"), ["small.yaml"])


if __name__ == "__main__":
    main()
