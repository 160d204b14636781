"""Train one run: the optimiser loop, its checkpoints, and what is kept of it."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError

from rankscope import datasets
from rankscope.numerics import low_rank
from rankscope.studies.language_model.parameters import Parameters, Run
from rankscope.studies.language_model.simulation import model

WARM_UP = 0.1

CHECKPOINT_SECONDS = 30.0
"""How much of a run a kill may lose."""


@dataclasses.dataclass(frozen=True)
class Seeds:
    """What differs between two runs of one method: the head, the data order, the adapter."""

    head: int
    order: int
    adapter: int


@dataclasses.dataclass(frozen=True)
class Data:
    """The encoded sets and the number of classes."""

    training: model.Texts
    validation: model.Texts
    test: model.Texts
    classes: int


@dataclasses.dataclass(frozen=True)
class Trained:
    """A trained run.

    Attributes:
        run: what was trained.
        rate: its learning rate.
        updates: the decomposed update of each adapted matrix, by the matrix's name.
        lora_A: LoRA's ``A`` of each matrix; empty for other methods.
        head: weight and bias of the classifier.
        size: number of trained parameters without the head.
        training_loss: the loss of each step's batch.
        validation: accuracy and loss at each evaluation, shape ``(evaluations, 2)``.
    """

    run: Run
    rate: float
    updates: dict[str, low_rank.LowRankSvd]
    lora_A: dict[str, np.ndarray]  # noqa: N815
    head: tuple[np.ndarray, np.ndarray]
    size: int
    training_loss: np.ndarray
    validation: np.ndarray


def train(
    run: Run, rate: float, seeds: Seeds, data: Data, parameters: Parameters, checkpoint: Path | None
) -> Trained:
    """Train a run and decompose what it learned; see `fit`."""
    state = fit(run, rate, seeds, data, parameters, evaluation_steps(parameters), checkpoint)
    return _keep(run, rate, state)


def fit(
    run: Run,
    rate: float,
    seeds: Seeds,
    data: Data,
    parameters: Parameters,
    evaluated: np.ndarray,
    checkpoint: Path | None,
) -> "State":
    """Train with AdamW, a linear warm-up and a linear decay, without dropout.

    The validation texts are evaluated after the steps in ``evaluated``. If ``checkpoint`` is
    given, the state is kept there now and then and training goes on from it, to the same bits
    on the same machine.
    """
    net = model.network(parameters, data.classes, seeds.head)
    state = State(net, run, rate, seeds.adapter, parameters)
    state.load(checkpoint)
    order = _order(seeds.order, len(data.training), parameters)
    saved = time.perf_counter()
    for step in range(state.step, parameters.steps):
        state.advance(order[step], data.training)
        if step + 1 in evaluated:
            state.validation.append(evaluate(net, data.validation))
        due = time.perf_counter() - saved >= CHECKPOINT_SECONDS
        if due or step + 1 == parameters.steps:
            state.save(checkpoint)
            saved = time.perf_counter()
    return state


def evaluation_steps(parameters: Parameters) -> np.ndarray:
    """Return the steps after which a run is evaluated; the last is the last step."""
    count = parameters.evaluations
    return np.round(np.arange(1, count + 1) * parameters.steps / count).astype(int)


def evaluate(net: model.Network, texts: model.Texts) -> tuple[float, float]:
    """Return accuracy and mean cross entropy over texts, in batches of similar length."""
    order = np.argsort(np.diff(texts.starts), kind="stable")
    right, loss = 0, 0.0
    with torch.inference_mode():
        for first in range(0, len(order), model.BATCH):
            states, mask, labels = texts.batch(order[first : first + model.BATCH])
            logits = net(states, mask)
            right += int((logits.argmax(dim=1) == labels).sum())
            loss += float(torch.nn.functional.cross_entropy(logits, labels, reduction="sum"))
    return right / len(texts), loss / len(texts)


def with_updates(
    parameters: Parameters,
    classes: int,
    updates: dict[str, np.ndarray],
    head: tuple[np.ndarray, np.ndarray],
) -> model.Network:
    """Return the network with dense updates added to its matrices, and this head."""
    net = model.network(parameters, classes, 0)
    matrices = net.matrices("qkvoud")
    with torch.no_grad():
        for name, update in updates.items():
            weight = matrices[name].weight
            weight += torch.as_tensor(update, dtype=weight.dtype, device=weight.device)
        for parameter, values in zip((net.head.weight, net.head.bias), head, strict=True):
            parameter.copy_(torch.as_tensor(values))
    return net


class State:
    """A run under way: network, optimiser, step and curves; kept in one safetensors file."""

    def __init__(
        self, net: model.Network, run: Run, rate: float, adapter_seed: int, parameters: Parameters
    ) -> None:
        self.base = {n: m.weight.detach().clone() for n, m in net.matrices(run.targets).items()}
        self.trained = model.adapt(net, run, parameters, adapter_seed)
        self.net = net
        self.step = 0
        self.loss: list[float] = []
        self.validation: list[tuple[float, float]] = []
        head = list(net.head.parameters())
        head_rate = rate if run.method == "head" else parameters.head_rate
        groups = [{"params": head, "lr": head_rate}]
        if self.trained:
            groups.append({"params": self.trained, "lr": rate})
        self._weights = [*head, *self.trained]
        self._optimizer = torch.optim.AdamW(groups, weight_decay=0.0)
        self._rates: list[Any] = [group["lr"] for group in groups]
        self._steps = parameters.steps

    def advance(self, which: np.ndarray, texts: model.Texts) -> None:
        """Make one optimiser step on the texts ``which``."""
        warm = max(1, round(WARM_UP * self._steps))
        scale = min((self.step + 1) / warm, (self._steps - self.step) / (self._steps - warm + 1))
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * scale
        states, mask, labels = texts.batch(which)
        self._optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(self.net(states, mask), labels)
        loss.backward()
        self._optimizer.step()
        self.loss.append(float(loss.detach()))
        self.step += 1

    def save(self, path: Path | None) -> None:
        """Write the state, atomically."""
        if path is None:
            return
        tensors = {
            "step": torch.tensor(self.step),
            "loss": torch.tensor(self.loss, dtype=torch.float64),
            "validation": torch.tensor(self.validation, dtype=torch.float64).reshape(-1, 2),
        }
        for place, weight in enumerate(self._weights):
            tensors[f"weight.{place}"] = weight.detach().contiguous()
            if self.step < self._steps:  # a finished run needs no optimiser
                for name, value in self._optimizer.state[weight].items():
                    tensors[f"{name}.{place}"] = value
        with datasets.atomic(path) as temporary:
            safetensors.torch.save_file(tensors, temporary)

    def load(self, path: Path | None) -> None:
        """Go on from a saved state, if there is a sound one."""
        if path is None or not path.is_file():
            return
        try:
            tensors = safetensors.torch.load_file(path)
        except SafetensorError:  # a damaged checkpoint only costs the time it would have saved
            return
        with torch.no_grad():
            for place, weight in enumerate(self._weights):
                weight.copy_(tensors[f"weight.{place}"])
                if f"step.{place}" in tensors:
                    self._optimizer.state[weight] = {
                        "step": tensors[f"step.{place}"],
                        "exp_avg": tensors[f"exp_avg.{place}"].to(weight.device),
                        "exp_avg_sq": tensors[f"exp_avg_sq.{place}"].to(weight.device),
                    }
        self.step = int(tensors["step"])
        self.loss = tensors["loss"].tolist()
        self.validation = [tuple(row) for row in tensors["validation"].tolist()]


def _order(seed: int, size: int, parameters: Parameters) -> np.ndarray:
    """Return the texts of each step: pass after pass, each in a new random order."""
    generator = np.random.default_rng(seed)
    needed = parameters.steps * parameters.batch_size
    passes = [generator.permutation(size) for _ in range(-(-needed // size))]
    return np.concatenate(passes)[:needed].reshape(parameters.steps, parameters.batch_size)


def _keep(run: Run, rate: float, state: State) -> Trained:
    updates, lora_a = {}, {}
    modules = state.net.matrices(run.targets) if run.method != "head" else {}
    with torch.no_grad():
        for name, module in modules.items():
            if run.method in ("lora", "rslora"):
                lora_a[name] = _array(module.lora_A["default"].weight)
                lora_b = _array(module.lora_B["default"].weight)
                updates[name] = _decompose(lora_b, lora_a[name], module.scaling["default"])
            elif run.method == "full":
                updates[name] = _decompose(_array(module.weight - state.base[name]))
            else:
                updates[name] = _decompose(_array(module.get_delta_weight("default")))
    head = state.net.head
    return Trained(
        run=run,
        rate=rate,
        updates=updates,
        lora_A=lora_a,
        head=(_array(head.weight), _array(head.bias)),
        size=sum(weight.numel() for weight in state.trained),
        training_loss=np.array(state.loss),
        validation=np.array(state.validation).reshape(-1, 2),
    )


def _decompose(
    left: np.ndarray, right: np.ndarray | None = None, scaling: float = 1.0
) -> low_rank.LowRankSvd:
    """Decompose an update, dense or in factors; one that has diverged is all ``nan``."""
    if not np.isfinite(left).all() or (right is not None and not np.isfinite(right).all()):
        columns = left.shape[1] if right is None else right.shape[1]
        rank = min(left.shape[0], left.shape[1], columns)
        return low_rank.LowRankSvd(
            np.full((left.shape[0], rank), np.nan),
            np.full(rank, np.nan),
            np.full((columns, rank), np.nan),
        )
    if right is not None:
        return low_rank.svd(left, right, scaling)
    vectors, values, right_t = np.linalg.svd(left, full_matrices=False)
    return low_rank.LowRankSvd(vectors, values, right_t.T)


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy().astype(np.float64)
