"""What a job asks of a cluster: the one place where a point's size becomes limits.

A study's ``Parameters.cost()`` estimates CPU seconds and memory of a point. From it follow
a batch's limits, here, and from the number of points those of the jobs on all points of a study;
`workflow/rules` ask for them, and the profiles for what the few other jobs need. Limits decide
nothing but when a job is killed: a killed job goes on where it stopped, and its next attempt
gets more.
"""

import os

from rankscope.errors import ConfigurationError
from rankscope.planning.configuration import Batch, Configuration, Study

THREADS = 1
"""Of every job: the bits of a matrix product depend on how many threads share it."""

SNAKEMAKE_MB = 400
"""A cluster job runs inside two Snakemake processes, of 120 to 180 MB each."""

MINUTES_AT_LEAST = 5
"""Queues start short jobs early, but a node's first import may take a minute."""

SAFETY = 4
"""The estimates come from one machine; a cluster's node may be slower, or shared."""

MEMORY_SAFETY = 2
"""The estimates are within this factor of what was measured (benchmarks/costs.py)."""

STUDY_MB, STUDY_MINUTES = 2400, 30
"""Of a job that collects, judges, plots or audits a study, beside what its points add."""

STUDY_MB_PER_POINT, POINTS_PER_MINUTE = 0.05, 500
"""Files of points are read one after the other, and what claims ask for of them is kept."""

DAYS = 30
"""A point that takes longer on this machine was not meant, or is for a cluster."""


def memory_mb(batch: Batch, attempt: int) -> int:
    """Return the memory limit in megabytes: estimate with safety and overhead, per attempt."""
    return round((batch.memory_mb * MEMORY_SAFETY + SNAKEMAKE_MB) * 2 ** (attempt - 1))


def minutes(batch: Batch, attempt: int) -> int:
    """Return the limit of the run time: four times the estimate, doubled at each retry.

    Of a batch with shares it is the limit of each; the job that joins them does no more.
    """
    return (MINUTES_AT_LEAST + round(batch.share_seconds * SAFETY / 60)) * 2 ** (attempt - 1)


def study_memory_mb(study: Study, attempt: int) -> int:
    """Return the memory limit of a job on all points of a study, doubled at each retry."""
    return round(STUDY_MB + STUDY_MB_PER_POINT * len(study.points)) * 2 ** (attempt - 1)


def study_minutes(study: Study, attempt: int) -> int:
    """Return the run time limit of a job on all points of a study, doubled at each retry."""
    return (STUDY_MINUTES + len(study.points) // POINTS_PER_MINUTE) * 2 ** (attempt - 1)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def machine_mb() -> float:
    """Return the memory of this machine in megabytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20


def require_possible(config: Configuration) -> None:
    """Refuse points that this machine cannot hold in memory, or would need a month for.

    Raises:
        ConfigurationError: with one line that names the first such point.
    """
    memory = machine_mb()
    for one in config.studies.values():
        for point in one.points:
            where = f"{config.source}: studies.{one.name}: {point.name}"
            needed = point.parameters.cost().memory_mb
            if needed > memory:
                raise ConfigurationError(
                    f"{where}: needs about {needed / 1000:,.0f} GB of memory; "
                    f"this machine has {memory / 1000:,.0f} GB"
                )
            days = point.seconds("simulated", one.replicates) / 86_400
            if days > DAYS and not config.split_points:
                raise ConfigurationError(
                    f"{where}: takes about {days:,.0f} days; a point runs on one core, "
                    f"unless split_points is true"
                )
