"""Compare the spectra of studies: synthesis.py STUDY..."""

import sys

from rankscope.jobs import reporting, compute as stages

if __name__ == "__main__":
    stages.run(reporting.synthesise, sys.argv[1:])
