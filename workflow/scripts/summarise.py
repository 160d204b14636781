"""Join the claims of studies: summarise.py STUDY..."""

import sys

from rankscope.jobs import script, verify
from rankscope.planning import configuration

if __name__ == "__main__":
    folders = {name: configuration.folder() / name for name in sys.argv[1:]}
    script.run(verify.summarise, folders, configuration.folder() / "claims")
