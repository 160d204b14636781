"""Stream over an adapter's matrices, one at a time, into one labelled dataset."""

import fnmatch
import importlib
import importlib.util
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import xarray as xr

from rankscope.numerics import low_rank
from rankscope.probe import (
    ProbeError,
    adapter,
    comparing,
    labels,
    measure,
    task_null,
)
from rankscope.probe.adapter import Adapter
from rankscope.probe.base import BaseModel, Weight
from rankscope.probe.journal import Journal, Row

_work: "_Work"
"""What a process of a pool probes with."""

Progress: TypeAlias = Callable[[Sequence[str]], Iterable[str]]


def probe(
    source: Adapter,
    base: BaseModel | None = None,
    *others: Adapter,
    settings: measure.Settings | None = None,
    seeds: Sequence[np.random.SeedSequence] = (),
    patterns: Sequence[str] = (),
    texts: Sequence[str] = (),
    processes: int = 1,
    journal: Journal | None = None,
    progress: Progress = iter,
) -> xr.Dataset:
    """Probe an adapter matrix by matrix; one base weight and one update are in memory.

    Args:
        source: the adapter.
        base: the model it was trained on; without it what compares with the base is left out.
        others: other adapters of the same model, for the similarity of their directions.
        settings: what to measure.
        seeds: one for each random update that counts of intruders are compared with.
        patterns: which modules are probed, such as ``*.q_proj``; all if there is none.
        texts: what the base model reads for the null of the task; none without.
        processes: how many matrices are probed at once.
        journal: keeps every matrix when it is done, for a restarted probe.
        progress: wraps the sequence of modules, to show how far it is.

    Returns:
        A dataset with a ``matrix`` dimension in the order of the layers, and the tensors that
        were not probed in ``unprobed`` and ``unprobed_why``.

    Raises:
        ProbeError: if nothing can be probed, or the adapters share no matrix.
    """
    settings = settings or measure.Settings()
    if settings.device:
        _check_device(settings.device)
    for other in others:
        if not set(other.modules) & set(source.modules):
            raise ProbeError(f"{source.folder} and {other.folder} adapt no matrix in common")
    chosen = [
        module
        for module in source.modules
        if not patterns or any(fnmatch.fnmatchcase(module, one) for one in patterns)
    ]
    if not chosen:
        raise ProbeError(f"{source.folder}: no module's name fits {' or '.join(patterns)}")
    if texts and base is None:
        raise ProbeError("the task null needs the base model's folder")
    moments = task_null.moments(base.folder, texts, chosen) if texts and base else {}
    work = _Work(source, base, others, settings, tuple(seeds), journal, moments)
    rows: dict[str, Row] = {}
    unprobed = list(source.unprobed)
    for module, row in zip(progress(chosen), _rows(work, chosen, processes), strict=False):
        if "refused" in row:
            unprobed.append((module, str(row["refused"])))
        else:
            rows[module] = row
    if not rows:
        name, reason = unprobed[-1]
        raise ProbeError(f"{source.folder}: nothing can be probed; {name}: {reason}")
    return labels.dataset(rows, source, others, settings, unprobed, base)


def _check_device(name: str) -> None:
    if importlib.util.find_spec("torch") is None:
        raise ProbeError(f"device {name} needs torch, which is not installed")
    torch = importlib.import_module("torch")
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, ValueError, NotImplementedError) as error:
        raise ProbeError(f"device {name}: {str(error).splitlines()[0]:.200}") from None


class _Work:
    """What a matrix is probed with; a process of its own takes it along."""

    def __init__(
        self,
        source: Adapter,
        base: BaseModel | None,
        others: Sequence[Adapter],
        settings: measure.Settings,
        seeds: Sequence[np.random.SeedSequence],
        journal: Journal | None,
        moments: Mapping[str, np.ndarray],
    ) -> None:
        self.moments = moments
        self.source, self.base, self.others = source, base, others
        self.settings, self.seeds, self.journal = settings, seeds, journal
        self.places = {module: place for place, module in enumerate(source.modules)}

    def __call__(self, module: str) -> Row:
        """Probe a matrix, or read what was measured before a restart."""
        if self.journal and (found := self.journal.get(module)) is not None:
            return found
        try:
            with np.errstate(all="ignore"):  # overflow shows in the values, which are checked
                row = self._probe(module)
        except ProbeError as error:
            row = {"refused": str(error)}
        except np.linalg.LinAlgError as error:
            row = {"refused": f"its decomposition failed: {error}"}
        except MemoryError:  # not kept: there may be more memory after a restart
            return {"refused": "it does not fit in memory"}
        if self.journal:
            self.journal.put(module, row)
        return row

    def _probe(self, module: str) -> Row:
        settings = self.settings
        weight = self.source.weight(module, self.base) if self.base else None
        change = self.source.change(module, weight)
        svd = _decompose(change)
        dense = None
        if weight is not None:
            large = weight.shape[0] * weight.shape[1] > 4 * settings.dense_up_to**2
            dense = weight.dense(np.float32 if large else np.float64)
        row: Row = measure.update(dense, svd, settings, self._generator("hold", module))
        row["form"] = self.source.forms[module]
        row["assumed"] = weight.note if weight else ""
        row["singular_value"] = svd.singular_values
        if dense is not None and settings.intruders and row["base_norm"] > 0:
            row |= self._intruders(module, dense, svd, change)
        if dense is not None and row["base_norm"] > 0 and module in self.moments:
            generator = self._generator("task null", module)
            row |= task_null.interval(dense, self.moments[module], settings.ranks, generator)
        row |= self._compare(module, weight, svd)
        return row

    def _intruders(
        self,
        module: str,
        dense: np.ndarray,
        svd: low_rank.LowRankSvd,
        change: adapter.Factors | np.ndarray,
    ) -> Row:
        if self.source.forms[module] == adapter.DIRECTION:
            return {}  # DoRA rescales the rows of its tuned weight
        small = dense.dtype == np.float64 and min(dense.shape) <= self.settings.dense_up_to
        left = measure.left_basis(dense) if small else None
        generators = [self._generator(seed, module) for seed in self.seeds]
        known = svd.left.shape[1] == len(svd.singular_values)
        whole = None if known or not isinstance(change, np.ndarray) else change
        return measure.intruders(dense, left, svd, self.settings, generators, whole)

    def _compare(self, module: str, weight: Weight | None, svd: low_rank.LowRankSvd) -> Row:
        if not self.others:
            return {}
        found: list[low_rank.LowRankSvd | None] = [svd]
        for other in self.others:
            try:
                shared = module in other.modules
                change = other.change(module, weight) if shared else None
                second = None if change is None else _decompose(change)
                fits = second is not None and _size(second) == _size(svd)
                found.append(second if fits else None)
            except ProbeError:
                found.append(None)
        return comparing.compare(found, self.settings.directions)

    def _generator(self, seed: np.random.SeedSequence | str, module: str) -> np.random.Generator:
        """Return the generator of one control of one matrix; it depends on nothing else."""
        place = self.places[module]
        if isinstance(seed, str):
            return np.random.default_rng([place, len(seed)])
        key = (*seed.spawn_key, place)
        return np.random.default_rng(np.random.SeedSequence(seed.entropy, spawn_key=key))


def _decompose(change: adapter.Factors | np.ndarray) -> low_rank.LowRankSvd:
    svd = (
        measure.decompose_dense(change)
        if isinstance(change, np.ndarray)
        else measure.decompose(*change)
    )
    norm = float(svd.frobenius_norm)
    if not np.isfinite(norm) or norm > 1e100:
        raise ProbeError("its update is not finite")
    return svd


def _size(svd: low_rank.LowRankSvd) -> tuple[int, int]:
    return svd.left.shape[0], svd.right.shape[0]


def _rows(work: _Work, modules: Sequence[str], processes: int) -> Iterable[Row]:
    if processes == 1:
        yield from map(work, modules)
        return
    pool = ProcessPoolExecutor(
        processes, get_context("spawn"), initializer=_begin, initargs=(work,)
    )
    try:
        with pool:
            yield from pool.map(_continue, modules)
    except BrokenProcessPool:
        raise ProbeError(
            f"one of the {processes} processes was killed, perhaps for its memory; "
            "what is done is kept, the same command goes on, with fewer --processes if need be"
        ) from None


def _begin(work: _Work) -> None:
    """Set up a process of the pool, which ends when the probe does."""
    global _work
    _work = work
    parent = parent_process()
    assert parent is not None, "a process of the pool was started by another"

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _continue(module: str) -> Row:
    return _work(module)


def of_paths(
    place: str | Path,
    base: str | Path | None = None,
    *others: str | Path,
    modules: Sequence[str] = (),
    **settings: Any,
) -> xr.Dataset:
    """Probe a saved adapter; the arguments are those of `rankscope.probe`."""
    return probe(
        adapter.read(Path(place)),
        None if base is None else BaseModel(Path(base)),
        *(adapter.read(Path(other)) for other in others),
        settings=measure.Settings(**settings),
        seeds=np.random.SeedSequence(0).spawn(4),
        patterns=modules,
    )
