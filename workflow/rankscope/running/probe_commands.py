"""The commands for anyone's adapter: ``probe``, and what follows from it."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from rankscope.errors import InputError

if TYPE_CHECKING:
    import xarray as xr

    from rankscope.probe.base import BaseModel

Number = TypeVar("Number", int, float)


def _number(
    kind: Callable[[str], Number], rule: str, holds: Callable[[Number], bool]
) -> Callable[[str], Number]:
    """Return what reads an option's number and refuses one that breaks the rule."""

    def read(text: str) -> Number:
        try:
            if holds(value := kind(text)):
                return value
        except ValueError:
            pass
        raise argparse.ArgumentTypeError(f"must be {rule}, got {text}")

    return read


_count = _number(int, "a whole number, 0 or more", lambda value: value >= 0)
_positive = _number(int, "a whole number, 1 or more", lambda value: value >= 1)
_share = _number(float, "a number above 0, at most 1", lambda value: 0 < value <= 1)
_kept = _number(float, "a number at least 0, below 1", lambda value: 0 <= value < 1)

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
        "--texts",
        type=Path,
        metavar="FILE",
        help="a text per line, for the alignment that random gradients on the base model's own "
        "activations give; needs torch and transformers",
    )
    parser.add_argument(
        "--processes", type=_positive, default=1, metavar="N", help="matrices probed at once"
    )
    parser.add_argument(
        "--device", help="torch's name of what searches for intruders, such as cuda; numpy without"
    )
    parser.set_defaults(run=_probe, command="probe")


def _probe(options: argparse.Namespace) -> int:
    _check_out(options.out, ".nc")
    _pin_threads()
    import numpy as np

    from rankscope import datasets
    from rankscope.probe import adapter, journal, measure, page, probing, table

    source, *others = (adapter.read(place) for place in (options.adapter, *options.others))
    base = _base(options.base)
    settings = measure.Settings(
        intruders=options.intruders, directions=options.directions, device=options.device
    )
    inputs = [one.identity() for one in (source, *others)] + ([base.identity()] if base else [])
    places = [str(p) for p in (options.adapter, *options.others, options.base)]
    texts = _lines(options.texts)
    kept = journal.beside(
        options.out, inputs, places, vars(settings), options.controls, options.seed, texts
    )
    dataset = probing.probe(
        source,
        base,
        *others,
        settings=settings,
        seeds=np.random.SeedSequence(options.seed).spawn(options.controls),
        patterns=options.modules,
        texts=texts,
        processes=options.processes,
        journal=kept,
        progress=_with_progress,
    )
    datasets.write(dataset, options.out)
    page.write_json(dataset, options.out.with_suffix(".json"))
    figures = _draw(dataset, options.out)
    page.write_page(dataset, figures, options.out.with_suffix(".html"))
    kept.remove()
    print(table.text(dataset))
    print(
        f"\nWrote {options.out}, the same as .json, {len(figures)} figures, and the page "
        f"{options.out.with_suffix('.html')} to look at first."
    )
    return 0


def _add_recommend(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "recommend",
        help="the rank that each module of an adapter needs",
        description="Print what peft.LoraConfig takes: r, lora_alpha and their patterns. The rank "
        "of a module is the smallest that keeps a share of its update or, with --null, the number "
        "of its directions that exceed chance; modules without any are excluded.",
    )
    parser.add_argument("adapter", type=Path, help="folder of the adapter")
    _add_share(parser)
    parser.add_argument(
        "--null",
        type=Path,
        nargs="+",
        default=[],
        metavar="ADAPTER",
        help="adapters trained alike on a task without structure, such as shuffled labels",
    )
    parser.set_defaults(run=_recommend, command="recommend")


def _recommend(options: argparse.Namespace) -> int:
    _pin_threads()
    import json

    from rankscope.probe import adapter, ranking

    nulls = [adapter.read(place) for place in options.null]
    found = ranking.recommend(adapter.read(options.adapter), options.share, nulls)
    print(json.dumps(found.config(), indent=2))
    total, stored = sum(found.ranks.values()), sum(found.stored.values())
    print(
        f"{len(found.ranks)} modules: ranks add up to {total} of {stored}; the least share kept "
        f"is {min(found.share.values()):.4f}",
        file=sys.stderr,
    )
    if found.excluded:
        print(f"nothing exceeds chance: {', '.join(found.excluded)}", file=sys.stderr)
    _list_refused(found.refused)
    return 0


def _add_compress(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "compress",
        help="write a smaller adapter, or one with fewer intruders, in PEFT's form",
        description="Write the best approximation of a LoRA adapter of smaller rank. With "
        "--mitigate, reduce its intruders to a share of their singular value, and write beside "
        "it, as OUT-control, the whole update scaled to the same norm.",
    )
    parser.add_argument("adapter", type=Path, help="folder of the adapter")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    _add_share(parser)
    parser.add_argument("--rank", type=_positive, help="the same rank for every module instead")
    parser.add_argument("--mitigate", type=_kept, metavar="KEEP", help="such as 0.5")
    parser.add_argument("--base", type=Path, help="the base model, which --mitigate needs")
    parser.set_defaults(run=_compress, command="compress")


def _compress(options: argparse.Namespace) -> int:
    _pin_threads()
    from rankscope.probe import adapter, ranking, writing

    source = adapter.read(options.adapter)
    if options.mitigate is not None:
        return _mitigate(options)
    found = ranking.recommend(source, options.share)
    ranks = dict(found.ranks)
    if options.rank:
        ranks = {module: min(options.rank, found.stored[module]) for module in ranks}
    writing.compress(source, ranks, options.out)
    total, stored = sum(ranks.values()), sum(found.stored.values())
    print(f"Wrote {options.out}: ranks add up to {total} of {stored}.")
    _list_refused(found.refused)
    return 0


def _mitigate(options: argparse.Namespace) -> int:
    from rankscope.probe import ProbeError, adapter, ranking, writing

    base = _base(options.base)
    if base is None:
        raise InputError("--mitigate needs the --base that intruders are told from")
    source = adapter.read(options.adapter)
    reduced, control, refused, removed = {}, {}, {}, 0
    for module in _with_progress(source.modules):
        try:
            reduced[module], control[module], count = writing.mitigated(
                source, base, module, options.mitigate
            )
            removed += count
        except ProbeError as error:
            refused[module] = str(error)
            if source.forms[module] != adapter.WHOLE:  # its scaling becomes 1 like the others'
                reduced[module] = control[module] = ranking.decompose(source, module)
    if not removed:
        why = next((f" ({name}: {one})" for name, one in refused.items()), "")
        raise InputError(f"{options.adapter}: no intruder was found{why}")
    beside = options.out.with_name(f"{options.out.name}-control")
    writing.write(source, options.out, reduced)
    writing.write(source, beside, control)
    print(
        f"Wrote {options.out}: {removed} intruders reduced to {options.mitigate:g} of their size; "
        f"and {beside}, the update scaled to the same norms."
    )
    _list_refused(refused)
    return 0


def _list_refused(refused: Mapping[str, str]) -> None:
    for module, why in refused.items():
        print(f"left as it is: {module}: {why}", file=sys.stderr)


def _add_share(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--share",
        type=_share,
        default=0.95,
        help="of each update's energy, its squared norm (default: %(default)s)",
    )


def _base(place: Path | None) -> "BaseModel | None":
    from rankscope.probe.base import BaseModel

    return BaseModel(place) if place else None


def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {file}: {error}") from error
    texts = [line for line in lines if line.strip()]
    if not texts:
        raise InputError(f"{file} holds no text")
    return texts


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


def _draw(dataset: "xr.Dataset", out: Path) -> list[tuple[str, str, Path]]:
    """Draw what can be drawn; return name, description and file of each figure."""
    from rankscope.drawing import style
    from rankscope.probe import figures

    style.apply()
    drawn = []
    for figure in figures.available(dataset):
        stem = out.with_name(f"{out.stem}-{figure.__name__}")
        style.save(figure(dataset), stem)
        file = stem.with_name(f"{stem.name}.png")
        drawn.append((figure.__name__, figure.__doc__ or figure.__name__, file))
    return drawn


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


SUBCOMMANDS: Iterable[Callable[[Subparsers], None]] = (_add_probe, _add_recommend, _add_compress)
ANYWHERE = frozenset({"probe", "recommend", "compress"})
"""Commands that need no checkout."""
