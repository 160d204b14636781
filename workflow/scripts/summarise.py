"""Join the claims of studies: summarise.py STUDY..."""

import sys

from rankscope.jobs import script, verify
from rankscope.planning.configuration import RESULTS

if __name__ == "__main__":
    folders = {name: RESULTS / name for name in sys.argv[1:]}
    script.run(verify.summarise, folders, RESULTS / "claims")
