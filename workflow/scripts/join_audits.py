"""Join the audits of studies: join_audits.py STUDY..."""

import sys

from rankscope.jobs import audit, script
from rankscope.planning import configuration

if __name__ == "__main__":
    folders = {name: configuration.folder() / name for name in sys.argv[1:]}
    script.run(audit.join, folders, configuration.folder() / "audit")
