"""Simulate a share of a point's replicates: share.py STUDY POINT NUMBER OF RECEIPT."""

import sys
from pathlib import Path

from rankscope.jobs import compute, script


def main(study: str, name: str, number: str, of: str, receipt: str) -> None:
    """Simulate, and say so by an empty file."""
    compute.share(study, name, int(number), int(of))
    Path(receipt).touch()


if __name__ == "__main__":
    script.run(main, *sys.argv[1:])
