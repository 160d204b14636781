"""Receipts: what batches of a large study declare to Snakemake in place of their points' files.

Snakemake does not see those files. Whether they are whole is looked up here, by their keys,
whenever a run is planned: a receipt whose batch has a point that is missing, damaged, or of
other code, seed or values is withdrawn, so that its job runs and makes what is not whole.
"""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from rankscope.jobs import headers, keys
from rankscope.planning.configuration import Batch, Configuration, Point


def withdraw(config: Configuration, batches: Iterable[Batch]) -> None:
    """Remove the receipts of batches whose points are not all whole and in their place."""
    known = headers.Headers(config.results)
    for batch in batches:
        if batch.receipt is None or not batch.receipt.exists():
            continue
        known.learn(batch.receipt.read_text(encoding="utf-8").splitlines())
        placed = (keys.is_placed(config, batch.stage, one, known.read) for one in batch.points)
        if not all(placed):
            with contextlib.suppress(OSError):  # results that may only be read stay as they are
                batch.receipt.unlink()
    known.save()


def write(config: Configuration, stage: str, receipt: Path, points: Iterable[Point]) -> None:
    """Write the receipt of a batch: a line per point with its file's size, time and key."""
    rows = [headers.row(one.file(stage), keys.whole(config, stage, one)) for one in points]
    receipt.write_text("\n".join([*rows, ""]), encoding="utf-8")


def points_of(config: Configuration, stage: str, declared: Sequence[Path]) -> list[Path]:
    """Return the points' files that a job makes which declares these files."""
    if declared[0].suffix != ".txt":
        return list(declared)
    (receipt,) = declared
    for one in config.studies.values():
        for batch in one.batches(stage, config.batch_seconds):
            if batch.receipt == receipt:
                return [point.file(stage) for point in batch.points]
    raise ValueError(f"no batch has the receipt {receipt}")
