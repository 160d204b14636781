"""What a job asks of a cluster: the one place where a point's size becomes limits.

A study's ``Parameters.cost()`` estimates CPU seconds and memory of a point. From it follow
a batch's limits, here; `workflow/rules/simulate.smk` and `predict.smk` ask for them. Limits
decide nothing but when a job is killed: a killed job goes on where it stopped, and its next
attempt gets more.
"""

from rankscope.planning.configuration import Batch

THREADS = 1
"""Of every job: the bits of a matrix product depend on how many threads share it."""

SNAKEMAKE_MB = 400
"""A cluster job runs inside two Snakemake processes, of 120 to 180 MB each."""

MINUTES_AT_LEAST = 5
"""Queues start short jobs early, but a node's first import may take a minute."""

SAFETY = 4
"""The estimates come from one machine; a cluster's node may be slower, or shared."""


def memory_mb(batch: Batch, attempt: int) -> int:
    """Return the memory limit in megabytes: estimate and overhead, doubled at each retry."""
    return round((batch.memory_mb + SNAKEMAKE_MB) * 2 ** (attempt - 1))


def minutes(batch: Batch, attempt: int) -> int:
    """Return the limit of the run time: four times the estimate, doubled at each retry."""
    return (MINUTES_AT_LEAST + round(batch.seconds * SAFETY / 60)) * 2 ** (attempt - 1)
