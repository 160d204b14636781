"""The commands for anyone's adapter: ``probe``, and what follows from it."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from rankscope.errors import InputError

if TYPE_CHECKING:
    import xarray as xr

    from rankscope.probe.base import BaseModel

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _add_probe(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "probe",
        help="probe a saved adapter",
        description="Probe a LoRA, rsLoRA, DoRA, VeRA or RandLoRA adapter as PEFT saves it, or a "
        "tuned model minus its base: spectrum, ranks, relative norm, amplification, similarity "
        "with other adapters and intruder dimensions, each beside what chance would give. Only "
        "safetensors are read; a tensor that is not probed is named, with the reason.",
    )
    parser.add_argument("adapter", type=Path, help="folder of the adapter, or a tuned model")
    parser.add_argument("others", type=Path, nargs="*", help="other adapters of the same model")
    parser.add_argument(
        "--base",
        type=Path,
        help="the base model's folder or file; without it spectra, ranks and similarity remain",
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="the netCDF file to write; others are beside it"
    )
    parser.add_argument(
        "--modules", nargs="+", default=[], metavar="PATTERN", help="such as '*.q_proj'"
    )
    parser.add_argument(
        "--intruders",
        type=_count,
        default=10,
        metavar="N",
        help="leading directions tested for being intruders; 0 leaves them out "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--directions",
        type=_positive,
        default=8,
        metavar="N",
        help="leading directions compared with other adapters (default: %(default)s)",
    )
    parser.add_argument(
        "--controls",
        type=_positive,
        default=4,
        metavar="N",
        help="random updates that counts of intruders are compared with (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=_count, default=0, help="seed of the controls (default: %(default)s)"
    )
    parser.add_argument(
        "--processes", type=_positive, default=1, metavar="N", help="matrices probed at once"
    )
    parser.set_defaults(run=_probe, command="probe")


def _probe(options: argparse.Namespace) -> int:
    _check_out(options.out, ".nc")
    _pin_threads()
    import numpy as np

    from rankscope import datasets
    from rankscope.probe import journal, measure, probing, table

    source, *others = (probing.open_source(place) for place in (options.adapter, *options.others))
    base = _base(options.base)
    settings = measure.Settings(intruders=options.intruders, directions=options.directions)
    inputs = [one.identity() for one in (source, *others)] + ([base.identity()] if base else [])
    places = [str(p) for p in (options.adapter, *options.others, options.base)]
    kept = journal.beside(
        options.out, inputs, places, vars(settings), options.controls, options.seed
    )
    dataset = probing.probe(
        source,
        base,
        *others,
        settings=settings,
        seeds=np.random.SeedSequence(options.seed).spawn(options.controls),
        patterns=options.modules,
        processes=options.processes,
        journal=kept,
        progress=_with_progress,
    )
    datasets.write(dataset, options.out)
    figures = _draw(dataset, options.out)
    kept.remove()
    print(table.text(dataset))
    print(f"\nWrote {options.out} and {len(figures)} figures beside it.")
    return 0


def _base(place: Path | None) -> "BaseModel | None":
    from rankscope.probe.base import BaseModel

    return BaseModel(place) if place else None


def _check_out(out: Path, suffix: str) -> None:
    """Fail before the work, not after."""
    if out.suffix != suffix or out.is_dir():
        raise InputError(f"--out must name a file that ends in {suffix}, got {out}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror or error}") from error


def _pin_threads() -> None:
    """Let each BLAS use one thread, unless the environment says otherwise.

    Two pools of threads on a busy machine make small products a thousand times slower.
    """
    for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


def _draw(dataset: "xr.Dataset", out: Path) -> list[Path]:
    from rankscope.drawing import style
    from rankscope.probe import figures

    style.apply()
    stems = []
    for figure in figures.available(dataset):
        stem = out.with_name(f"{out.stem}-{figure.__name__}")
        style.save(figure(dataset), stem)
        stems.append(stem.with_name(f"{stem.name}.png"))
    return stems


def _with_progress(modules: Sequence[str]) -> Iterator[str]:
    """Show progress on standard error: a bar on a terminal, else a line now and then."""
    import tqdm

    terminal = sys.stderr.isatty()
    yield from tqdm.tqdm(
        modules,
        unit="matrix",
        mininterval=0.1 if terminal else 10.0,
        ncols=None if terminal else 80,
        ascii=not terminal,
        dynamic_ncols=terminal,
    )


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be 0 or more, got {value}")
    return value


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {value}")
    return value


SUBCOMMANDS: Iterable[Callable[[Subparsers], None]] = (_add_probe,)
