"""Compare the spectra of studies: compare.py STUDY..."""

import sys

from rankscope.jobs import compare, script
from rankscope.planning import configuration

if __name__ == "__main__":
    script.run(compare.compare, sys.argv[1:], configuration.folder())
