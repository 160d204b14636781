"""The command ``rankscope``: one subcommand per thing a person does.

Each subcommand imports what it needs when it runs, so that none waits for another's imports.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; return its exit status.

    A foreseen error (bad configuration, busy folder, unwritable results, damaged file) is
    one line on standard error and exit status 2.
    """
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.run is not _study:
        _parser().error(f"unrecognised arguments: {' '.join(rest)}")
    options.rest = rest
    try:
        return options.run(options)
    except (ValueError, OSError, RuntimeError) as error:
        print(f"rankscope: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rankscope", description="A study of rank.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    study = commands.add_parser(
        "study",
        help="run the workflow with progress; further arguments go to Snakemake",
    )
    study.set_defaults(run=_study)
    status = commands.add_parser("status", help="show what is done, running, failed and missing")
    status.set_defaults(run=_status)
    for command in (study, status):
        command.add_argument(
            "--configfile", type=Path, default=Path("config.yaml"), help="default: config.yaml"
        )
    return parser


def _study(options: argparse.Namespace) -> int:
    from rankscope import runs

    return runs.study(options.configfile, options.rest)


def _status(options: argparse.Namespace) -> int:
    from rankscope import runs

    runs.status(options.configfile)
    return 0


if __name__ == "__main__":
    sys.exit(main())
