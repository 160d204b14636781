"""Record what the results were made with: provenance.py TARGET."""

import sys
from pathlib import Path

from rankscope.jobs import provenance, script

if __name__ == "__main__":
    script.run(provenance.provenance, Path(sys.argv[1]))
