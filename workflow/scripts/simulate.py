"""Simulate the points whose files are named."""

import sys
from pathlib import Path

from rankscope.jobs import compute as stages

if __name__ == "__main__":
    stages.run(stages.compute, "simulated", [Path(name) for name in sys.argv[1:]])
