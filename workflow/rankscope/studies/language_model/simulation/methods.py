"""What a method trains, and the update of each matrix that it makes of it."""

import dataclasses
import math
from collections.abc import Callable, Mapping

import torch

from rankscope.studies.language_model.parameters import Run
from rankscope.studies.language_model.simulation.network import Update

VERA_START = 0.1
RANDLORA_SCALING = 20.0


@dataclasses.dataclass(frozen=True)
class Adapter:
    """A run's trained tensors and the updates that they stand for.

    Attributes:
        trained: what the optimiser moves; every update is zero at first.
        frozen: random bases that the matrices share.
        updates: makes the updates of the tensors as they are, by the names of the matrices.
        restart: keeps the updates as they are and draws the trained tensors anew.
    """

    trained: tuple[torch.Tensor, ...]
    frozen: tuple[torch.Tensor, ...]
    updates: Callable[[], dict[str, Update]]
    restart: Callable[[], None]


def start(
    run: Run, shapes: Mapping[str, tuple[int, int]], alpha: float, seed: int, device: str
) -> Adapter:
    """Draw a run's adapter, with the starts and scalings of PEFT.

    Args:
        run: the method, its rank and the targets it adapts.
        shapes: ``(out, in)`` of all matrices of the point, by name.
        alpha: LoRA's alpha.
        seed: of the adapter's random tensors, which are drawn on the CPU.
        device: where it is trained.
    """
    generator = torch.Generator().manual_seed(seed)
    targets = "" if run.method == "head" else run.targets
    own = {name: shape for name, shape in shapes.items() if name[-1] in targets}
    parts = _MAKERS[run.method](run, own, alpha, generator)
    trained = tuple(
        tensor.to(device).requires_grad_(requires_grad=True) for tensor in parts.trained
    )
    frozen = tuple(tensor.to(device) for tensor in parts.frozen)
    each = len(trained) // max(len(own), 1)
    merged: dict[str, Update] = {}

    def updates() -> dict[str, Update]:
        found = {
            name: parts.update(*trained[place * each : (place + 1) * each], *frozen, shape)
            for place, (name, shape) in enumerate(own.items())
        }
        return {name: _sum(merged[name], found[name]) for name in found} if merged else found

    @torch.no_grad()
    def restart() -> None:
        merged.update(
            {name: Update(torch.clone(one.left), one.right) for name, one in updates().items()}
        )
        again = _MAKERS[run.method](run, own, alpha, generator).trained
        for tensor, new in zip(trained, again, strict=True):
            tensor.copy_(new)

    return Adapter(trained, frozen, updates, restart)


@dataclasses.dataclass(frozen=True)
class _Parts:
    """Trained tensors, as many a matrix; frozen ones that all share; and the update of both."""

    trained: list[torch.Tensor]
    frozen: list[torch.Tensor]
    update: Callable[..., Update]


def _sum(first: Update, second: Update) -> Update:
    """Return the sum of two products as one."""
    lefts, rights = zip(*((one.left, one.right) for one in (first, second)), strict=True)
    return Update(torch.cat(lefts, dim=1), torch.cat(rights))


def _head(*_: object) -> _Parts:
    return _Parts([], [], Update)


def _full(_run: Run, shapes: Mapping[str, tuple[int, int]], *_: object) -> _Parts:
    trained = [torch.zeros(shape) for shape in shapes.values()]
    return _Parts(trained, [], lambda weight, _shape: Update(weight))


def _lora(
    run: Run, shapes: Mapping[str, tuple[int, int]], alpha: float, generator: torch.Generator
) -> _Parts:
    """``s B A`` with ``A`` uniform in ``+-1 / sqrt(in)`` and ``B = 0`` (Hu et al., section 4.1).

    ``s`` is ``alpha / r``, or ``alpha / sqrt(r)`` for rsLoRA; of rank 0 there is no update. ReLoRA
    adds up several such products (Lialin et al., algorithm 1), see ``Adapter.restart``.
    """
    trained = []
    for name, (rows, columns) in shapes.items():
        rank = run.rank_of(name)
        trained += [
            _uniform((rank, columns), 1 / math.sqrt(columns), generator),
            torch.zeros(rows, rank),
        ]

    def update(a: torch.Tensor, b: torch.Tensor, _shape: torch.Size) -> Update:
        rank = max(len(a), 1)
        return Update(b, alpha / (math.sqrt(rank) if run.method == "rslora" else rank) * a)

    return _Parts(trained, [], update)


def _vera(
    run: Run, shapes: Mapping[str, tuple[int, int]], _alpha: float, generator: torch.Generator
) -> _Parts:
    """``diag(b) B diag(d) A``, the bases shared by all matrices and frozen."""
    rows, columns = (max(sides) for sides in zip(*shapes.values(), strict=True))
    # Kaiming's bound with the gain of ReLU, on the fan-in of each
    bases = [
        _uniform((run.rank, columns), math.sqrt(6 / columns), generator),
        _uniform((rows, run.rank), math.sqrt(6 / run.rank), generator),
    ]
    trained = []
    for height, _ in shapes.values():
        trained += [torch.full((run.rank,), VERA_START), torch.zeros(height)]

    def update(
        d: torch.Tensor, b: torch.Tensor, a: torch.Tensor, basis: torch.Tensor, shape: torch.Size
    ) -> Update:
        return Update(b[:, None] * basis[: shape[0]], d[:, None] * a[:, : shape[1]])

    return _Parts(trained, bases, update)


def _randlora(
    run: Run, shapes: Mapping[str, tuple[int, int]], _alpha: float, generator: torch.Generator
) -> _Parts:
    """``s sum_j B_j diag(lambda_j) A diag(gamma_j)`` (Albert et al., equation 4).

    ``A`` and the ``n = ceil(min(out, in) / r)`` bases ``B_j`` are frozen, of unit variance and
    shared; ``gamma_j`` lies on the smaller side, so a wide matrix is the transpose of a tall one.
    """
    largest = max(max(shape) for shape in shapes.values())
    narrow = max(min(shape) for shape in shapes.values())
    count = math.ceil(narrow / run.rank)
    bases = [
        _uniform((run.rank, narrow), math.sqrt(3), generator),
        _uniform((largest, count, run.rank), math.sqrt(3), generator),
    ]
    trained = []
    for shape in shapes.values():
        n = math.ceil(min(shape) / run.rank)
        gamma = torch.full((n, min(shape)), 1 / max(n, min(shape)))
        trained += [torch.zeros(n, run.rank), gamma]

    def update(
        lambdas: torch.Tensor,
        gamma: torch.Tensor,
        a: torch.Tensor,
        b: torch.Tensor,
        shape: torch.Size,
    ) -> Update:
        scaled = RANDLORA_SCALING * lambdas[:, :, None] * a[:, : min(shape)] * gamma[:, None, :]
        outer, inner = b[: max(shape), : len(lambdas)].flatten(1), scaled.flatten(0, 1)
        return Update(inner.T, outer.T) if shape[0] < shape[1] else Update(outer, inner)

    return _Parts(trained, bases, update)


def _uniform(shape: tuple[int, ...], bound: float, generator: torch.Generator) -> torch.Tensor:
    return torch.empty(shape).uniform_(-bound, bound, generator=generator)


_MAKERS: dict[str, Callable[..., _Parts]] = {
    "head": _head,
    "full": _full,
    "lora": _lora,
    "rslora": _lora,
    "relora": _lora,
    "randlora": _randlora,
    "vera": _vera,
}
