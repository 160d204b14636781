"""Plot the figures of a study: plot.py STUDY."""

import sys

from rankscope.jobs import reporting, compute as stages

if __name__ == "__main__":
    stages.run(reporting.plot, sys.argv[1])
