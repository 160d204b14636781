"""Join the audits of studies: join_audits.py STUDY..."""

import sys

from rankscope.jobs import audit, script
from rankscope.planning.configuration import RESULTS

if __name__ == "__main__":
    folders = {name: RESULTS / name for name in sys.argv[1:]}
    script.run(audit.join, folders, RESULTS / "audit")
