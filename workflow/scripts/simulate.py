"""Simulate the points whose files are named: simulate.py FILE..."""

import sys
from pathlib import Path

from rankscope.jobs import compute, script

if __name__ == "__main__":
    script.run(compute.compute, "simulated", [Path(name) for name in sys.argv[1:]])
