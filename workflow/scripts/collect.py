"""Collect the points of a study and a stage: collect.py STUDY STAGE TARGET."""

import sys
from pathlib import Path

from rankscope.jobs import collect, compute, script
from rankscope.planning import configuration


def main(study: str, stage: str, target: str) -> None:
    """Collect with the configuration of the workflow."""
    config = configuration.from_environment()
    points = config.studies[study].points
    collect.collect(points, stage, Path(target), compute.describe(config, stage, study))


if __name__ == "__main__":
    script.run(main, *sys.argv[1:])
