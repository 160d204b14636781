"""Write the report: report.py TARGET [CONFIGFILE...]."""

import sys
from pathlib import Path

from rankscope.jobs import script
from rankscope.report import page

if __name__ == "__main__":
    script.run(page.write, Path(sys.argv[1]), sys.argv[2:])
