"""Draw the figures of a study: plot.py STUDY."""

import sys

from rankscope.jobs import plot, script
from rankscope.planning import configuration, study


def main(name: str) -> None:
    """Draw what the study's figures make."""
    figures = study.part(name, "figures")
    plot.plot(
        [getattr(figures, one) for one in study.makes(name, "figures")],
        configuration.folder() / name,
    )


if __name__ == "__main__":
    script.run(main, sys.argv[1])
