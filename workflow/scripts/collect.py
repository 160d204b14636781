"""Stack the points of a study and a stage: collect.py STUDY STAGE TARGET."""

import sys
from pathlib import Path

from rankscope.jobs import compute as stages

if __name__ == "__main__":
    study, stage, target = sys.argv[1:]
    stages.run(stages.collect, study, stage, Path(target))
