"""Judge the claims of a study: verify.py STUDY."""

import sys

from rankscope.evidence import claims
from rankscope.jobs import script, verify
from rankscope.planning import configuration, study


def main(name: str) -> None:
    """Judge with the confidence of the workflow's configuration."""
    confidence = configuration.from_environment().confidence
    found = claims.of(study.part(name, "claims"))
    verify.verify(found, configuration.folder() / name, confidence)


if __name__ == "__main__":
    script.run(main, sys.argv[1])
