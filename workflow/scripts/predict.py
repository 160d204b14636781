"""Evaluate the theory at the points whose files are named: predict.py FILE..."""

import sys
from pathlib import Path

from rankscope.jobs import compute, script

if __name__ == "__main__":
    script.run(compute.compute, "predicted", [Path(name) for name in sys.argv[1:]])
