"""Write the further tables of a study: tables.py STUDY."""

import sys

from rankscope.jobs import reporting, compute as stages

if __name__ == "__main__":
    stages.run(reporting.tabulate, sys.argv[1])
