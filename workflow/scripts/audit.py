"""Audit the claims of a study on planted data: audit.py STUDY."""

import sys

from rankscope.evidence import claims
from rankscope.jobs import audit, script
from rankscope.planning import configuration, study


def main(name: str) -> None:
    """Audit with the confidence of the workflow's configuration."""
    confidence = configuration.from_environment().confidence
    found = claims.of(study.part(name, "claims"))
    audit.audit(found, study.part(name, "plants"), configuration.folder() / name, confidence)


if __name__ == "__main__":
    script.run(main, sys.argv[1])
