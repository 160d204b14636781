"""Judge the claims of a study: verify.py STUDY."""

import sys

from rankscope.jobs import reporting, compute as stages

if __name__ == "__main__":
    stages.run(reporting.verify, sys.argv[1])
