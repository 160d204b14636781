"""The command ``rankscope``. Each subcommand imports what it needs when it runs."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from rankscope import __version__
from rankscope.errors import Foreseen
from rankscope.planning import spelling
from rankscope.running import checkout, probe_commands

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``rankscope`` with these arguments; return the exit status.

    A foreseen error (bad configuration, busy folder, unwritable results, damaged file) is
    one line on standard error and exit status 2; a bug keeps its traceback. A run that was
    interrupted is 128 and the signal's number, 130 for Ctrl-C.
    """
    parser = argparse.ArgumentParser(
        prog="rankscope", description="A study of rank in neural networks, and a probe."
    )
    parser.add_argument("--version", action="version", version=f"rankscope {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for add in SUBCOMMANDS:
        add(subparsers)
    words = sys.argv[1:] if arguments is None else list(arguments)
    if not words:
        parser.print_help()
        return 0
    if not words[0].startswith("-") and words[0] not in subparsers.choices:
        known, hint = ", ".join(subparsers.choices), spelling.hint(words[0], subparsers.choices)
        parser.error(f"unknown command {words[0]!r}; known are {known}{hint}")
    options, rest = parser.parse_known_args(words)
    options.rest = rest
    if options.rest and options.run is not _study:
        message = f"unrecognised arguments: {' '.join(options.rest)}"
        usage = subparsers.choices[options.command].format_usage()
        parser.error(spelling.of_options(message, usage))
    try:
        if options.command not in probe_commands.ANYWHERE:
            checkout.require(options.command)
        status: int = options.run(options)
    except (Foreseen, OSError) as error:
        return _refuse(options.command, str(error))
    return status


def _add_study(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "study",
        help="run the workflow with progress; further arguments go to Snakemake",
        epilog="`-n` shows what is left to do and what it takes, and starts nothing. Ctrl-C stops "
        "the run, with exit status 130; the same command goes on where it stopped. An error in "
        "what was given is exit status 2, a run that fails 1.",
        allow_abbrev=False,  # --config is Snakemake's and not short for --configfile
    )
    _add_configfile(parser)
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="STUDY",
        help="make the verdicts, figures and tables of this study or paper alone (repeatable)",
    )
    parser.set_defaults(run=_study, command="study")


def _study(options: argparse.Namespace) -> int:
    from rankscope.running import run

    return run.make(options.configfile, options.rest, names=options.only)


def _add_status(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("status", help="show what is done, running, failed and missing")
    _add_configfile(parser)
    parser.set_defaults(run=_status, command="status")


def _status(options: argparse.Namespace) -> int:
    from rankscope.running import run

    run.status(options.configfile)
    return 0


def _add_figures(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "figures", help="draw figures again from existing data, without a simulation"
    )
    parser.add_argument(
        "studies", nargs="*", metavar="STUDY", help="studies or papers; default: all"
    )
    _add_configfile(parser)
    parser.set_defaults(run=_figures, command="figures")


def _figures(options: argparse.Namespace) -> int:
    from rankscope.running import figures

    return figures.figures(options.configfile, options.studies)


def _add_audit(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "audit", help="judge every claim on data in which the truth was planted"
    )
    _add_configfile(parser)
    parser.set_defaults(run=_audit, command="audit")


def _audit(options: argparse.Namespace) -> int:
    from rankscope.running import run

    return run.audit(options.configfile)


def _add_readme(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "readme", help="put the results into the README: its table and its figures"
    )
    parser.set_defaults(run=_readme, command="readme")


def _readme(_options: argparse.Namespace) -> int:
    from rankscope.report import readme

    print("\n".join(str(path) for path in readme.refresh()))
    return 0


def _add_configfile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--configfile", type=Path, default=Path("config.yaml"), help="default: %(default)s"
    )


def _refuse(command: str, message: str) -> int:
    print(f"rankscope {command}: error: {message}", file=sys.stderr)
    return 2


SUBCOMMANDS: Iterable[Callable[[Subparsers], None]] = (
    _add_study,
    _add_status,
    _add_figures,
    _add_audit,
    _add_readme,
    *probe_commands.SUBCOMMANDS,
)


if __name__ == "__main__":
    sys.exit(main())
