"""Write the further tables of a study: tables.py STUDY."""

import sys

from rankscope.jobs import script, tabulate
from rankscope.planning import configuration, study


def main(name: str) -> None:
    """Write what the study's tables make."""
    tables = study.part(name, "tables")
    tabulate.tabulate(
        [getattr(tables, one) for one in study.makes(name, "tables")], configuration.folder() / name
    )


if __name__ == "__main__":
    script.run(main, sys.argv[1])
