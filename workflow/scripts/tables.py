"""Write the further tables of a study: tables.py STUDY."""

import sys

from rankscope import reporting, stages

if __name__ == "__main__":
    stages.run(reporting.tabulate, sys.argv[1])
