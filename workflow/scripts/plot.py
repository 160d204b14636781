"""Plot the figures of a study: plot.py STUDY."""

import sys

from rankscope import reporting, stages

if __name__ == "__main__":
    stages.run(reporting.plot, sys.argv[1])
