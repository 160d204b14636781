"""Tables of `docs/findings` from the claims of runs: fresh seeds beside each other, one run alone.

python benchmarks/findings.py seeds results results-seed-101 ... > docs/findings/fresh-seeds.md
python benchmarks/findings.py table results-decisive results > docs/findings/decisive.md
"""

import argparse
import itertools
import json
from pathlib import Path
from typing import Any

import pandas as pd

from rankscope.evidence.verdicts import CONTRADICTED, NOT_TESTED, SUPPORTED, UNDECIDED
from rankscope.jobs import tabulate
from rankscope.report import formats, items

CELL = ["study", "claim", "definition"]


def claims(folder: Path) -> pd.DataFrame:
    """Return the claims of a run that were tested."""
    table = pd.read_csv(folder / "claims.csv").fillna({"definition": ""})
    return table[table.verdict != NOT_TESTED]


def origin(folder: Path) -> str:
    """Say which seed and commit a run has."""
    made = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    return f"seed {made['configuration']['seed']}, commit {made['commit'][:7]}"


def seeds(folders: list[Path]) -> str:
    """Compare the verdicts of runs that differ in their seed alone."""
    verdicts = pd.concat(
        {origin(one).split(",")[0]: claims(one).set_index(CELL).verdict for one in folders},
        axis=1,
        join="inner",
    )
    flips = verdicts.apply(lambda row: {SUPPORTED, CONTRADICTED} <= set(row), axis=1)
    differing = verdicts[verdicts.nunique(axis=1) > 1]
    pairs = [
        (a, b, int((verdicts[a] == verdicts[b]).sum()))
        for a, b in itertools.combinations(verdicts.columns, 2)
    ]
    equal = ", ".join(f"{a} and {b}: {same}" for a, b, same in pairs)
    told = (
        f"{len(verdicts)} cells (a claim under one definition) were tested in all runs. Equal "
        f"verdicts: {equal}. Between *supported* and *contradicted* {int(flips.sum())} cells "
        f"turn; {len(differing)} differ at all:"
    )
    runs = "; ".join(origin(one) for one in folders)
    listed = differing.reset_index().to_markdown(index=False)
    return "\n\n".join(["# The verdicts under fresh seeds", f"{runs}.", told, listed])


def table(folder: Path, default: Path) -> str:
    """Write the cells of one run that the default leaves undecided."""
    rows = claims(folder)
    open_ = claims(default).query("verdict == @UNDECIDED").set_index(CELL).index
    rows = rows[rows.set_index(CELL).index.isin(open_)]
    rows = rows.assign(verdict=[together(row, folder, default) for row in rows.itertuples()])
    shown = rows[[*CELL, "verdict"]].assign(
        points=[f"{row.supported:.0f} of {row.points}" for row in rows.itertuples()],
        estimate=[formats.estimate(cell) for cell in items.records(rows)],
        accepted=rows.accepted,
        headline=rows.headline.map({True: "yes"}).fillna(""),
    )
    return "\n\n".join(
        [
            f"# What {folder.name} says where the default is undecided",
            f"{origin(folder)}.",
            shown.to_markdown(index=False, disable_numparse=True),
        ]
    )


def together(row: Any, folder: Path, default: Path) -> str:
    """Return a cell's verdict; a claim for some point falls with the last point of both runs."""
    if row.verdict != CONTRADICTED or row.quantifier != "at some point":
        return str(row.verdict)
    found: dict[str, str] = {}
    for run in (default, folder):
        points = tabulate.verdicts(run / row.study)
        points = points[(points.claim == row.claim) & (points.definition == row.definition)]
        found |= points.set_index(["point", "part"]).verdict.to_dict()
    return CONTRADICTED if set(found.values()) == {CONTRADICTED} else UNDECIDED


def main() -> None:
    """Print one of the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("seeds", "table"))
    parser.add_argument("folders", nargs="+", type=Path)
    options = parser.parse_args()
    print(seeds(options.folders) if options.what == "seeds" else table(*options.folders))


if __name__ == "__main__":
    main()
