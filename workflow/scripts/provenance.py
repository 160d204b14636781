"""Record what the results were made with: provenance.py TARGET."""

import sys
from pathlib import Path

from rankscope.jobs import reporting, compute as stages

if __name__ == "__main__":
    stages.run(reporting.provenance, Path(sys.argv[1]))
