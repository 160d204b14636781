"""Train several runs side by side, on the same batches, and evaluate them in one pass."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from rankscope.studies.language_model.parameters import BATCH, SIDE_BY_SIDE, Parameters, Run
from rankscope.studies.language_model.simulation import methods, model
from rankscope.studies.language_model.simulation.methods import Adapter
from rankscope.studies.language_model.simulation.network import Network, Update

WARM_UP = 0.1
HEAD_SPREAD = 0.02


@dataclasses.dataclass(frozen=True)
class Data:
    """The encoded texts, their division into sets, and the upper layers.

    Attributes:
        texts: all of them.
        pool: which ones training texts are drawn from.
        validation: on which ones rates are chosen.
        test: on which ones runs are tested.
        classes: number of classes.
        network: the layers that are adapted.
    """

    texts: model.Texts
    pool: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    classes: int
    network: Network


@dataclasses.dataclass(frozen=True)
class Setting:
    """A run to train: its rates, and the seeds of its head and its adapter.

    Attributes:
        labels: of all texts, if they are not their own.
    """

    run: Run
    rate: float
    head_rate: float
    head_seed: int
    adapter_seed: int
    labels: torch.Tensor | None = None


@dataclasses.dataclass(frozen=True)
class Model:
    """Updates of the pretrained weights, and a classifier on the first token's last state."""

    updates: dict[str, Update]
    head: tuple[torch.Tensor, torch.Tensor]


@dataclasses.dataclass(frozen=True)
class Trained(Model):
    """A trained run.

    Attributes:
        run: what was trained.
        size: number of trained parameters without the head.
        loss: of each step's batch.
        lora_A: LoRA's ``A`` of each matrix; empty for other methods.
    """

    run: Run
    size: int
    loss: np.ndarray
    lora_A: dict[str, np.ndarray]  # noqa: N815


def batches(seed: int, data: Data, parameters: Parameters) -> np.ndarray:
    """Draw the training texts of a seed, and those of each step.

    Pass after pass, each in a new random order; shape ``(step, text)``.
    """
    generator = np.random.default_rng(seed)
    texts = generator.choice(data.pool, parameters.training_texts, replace=False)
    needed = parameters.steps * parameters.batch_size
    passes = [generator.permutation(texts) for _ in range(-(-needed // len(texts)))]
    return np.concatenate(passes)[:needed].reshape(parameters.steps, parameters.batch_size)


def shuffled(steps: np.ndarray, data: Data, generator: np.random.Generator) -> torch.Tensor:
    """Return all texts' labels, those of the training texts in another order."""
    texts = np.unique(steps)
    labels = data.texts.labels.clone()
    labels[texts] = labels[generator.permutation(texts)]
    return labels


def train(
    settings: Sequence[Setting], steps: np.ndarray, data: Data, parameters: Parameters
) -> list[Trained]:
    """Train runs with AdamW, a linear warm-up and a linear decay, without dropout.

    ReLoRA starts anew several times: its product is merged, what AdamW knows of its tensors is
    forgotten, and their rate is warmed up again; the head goes on.

    Args:
        settings: what to train.
        steps: the texts of each step, the same for all runs.
        data: the texts and the layers.
        parameters: the point.
    """
    return [
        trained
        for first in range(0, len(settings), SIDE_BY_SIDE)
        for trained in _train(settings[first : first + SIDE_BY_SIDE], steps, data, parameters)
    ]


def _train(
    settings: Sequence[Setting], steps: np.ndarray, data: Data, parameters: Parameters
) -> list[Trained]:
    shapes = {name: parameters.shape(name[-1]) for name in parameters.matrix_names()}
    adapters = [
        methods.start(one.run, shapes, parameters.lora_alpha, one.adapter_seed, parameters.device)
        for one in settings
    ]
    heads = [new_head(one.head_seed, data) for one in settings]
    # the optimiser takes time for every group, whatever its size
    groups: dict[tuple[float, int], list[torch.Tensor]] = {}
    for one, adapter, head in zip(settings, adapters, heads, strict=True):
        cycles = parameters.relora_cycles if one.run.method == "relora" else 1
        groups.setdefault((one.head_rate, 1), []).extend(head)
        groups.setdefault((one.rate, cycles), []).extend(adapter.trained)
    optimizer = torch.optim.AdamW(
        [{"params": tensors} for tensors in groups.values()], weight_decay=0.0, fused=True
    )
    own = [data.texts.labels if one.labels is None else one.labels for one in settings]
    labels = torch.stack(own)
    losses = []
    for step, which in enumerate(steps):
        for group, (rate, cycles) in zip(optimizer.param_groups, groups, strict=True):
            group["lr"] = rate * schedule(step, len(steps), cycles)
        if step in starts(len(steps), parameters.relora_cycles)[1:]:
            for one, adapter in zip(settings, adapters, strict=True):
                if one.run.method == "relora":
                    adapter.restart()
                    for tensor in adapter.trained:
                        del optimizer.state[tensor]
        states, mask, _ = data.texts.batch(which)
        models = [Model(a.updates(), head) for a, head in zip(adapters, heads, strict=True)]
        logits = classify(data.network, models, states, mask)[1]
        loss = _losses(logits, labels[:, which]).mean(dim=1)
        optimizer.zero_grad(set_to_none=True)
        loss.sum().backward()
        optimizer.step()
        losses.append(loss.detach())
    found = torch.stack(losses, dim=1).cpu().numpy()
    return [
        _keep(one.run, adapter, head, loss)
        for one, adapter, head, loss in zip(settings, adapters, heads, found, strict=True)
    ]


def starts(steps: int, cycles: int) -> list[int]:
    """Return the first step, counted from 0, of each of several cycles."""
    return [cycle * steps // cycles for cycle in range(cycles)]


def schedule(step: int, steps: int, cycles: int = 1) -> float:
    """Return the share of the learning rate at a step, counted from 0.

    After each start but the first it is warmed up once more, over the same share of a cycle.
    """
    warm, again = (max(1, round(WARM_UP * length)) for length in (steps, steps / cycles))
    share = min((step + 1) / warm, (steps - step) / (steps - warm + 1))
    begun = max(start for start in starts(steps, cycles) if start <= step)
    return share * min(1.0, (step - begun + 1) / again) if begun else share


def classify(
    network: Network, models: Sequence[Model], states: torch.Tensor, mask: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the first token's last states and the logits, shapes ``(model, text, ...)``."""
    names = dict.fromkeys(name for one in models for name in one.updates)
    updates = {name: [one.updates.get(name) for one in models] for name in names}
    first = network.first_state(updates, states, mask)
    matrices, biases = (torch.stack(part) for part in zip(*(m.head for m in models), strict=True))
    return first, first @ matrices.mT + biases[:, None]


def _losses(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return cross_entropy(logits.mT, labels.expand(len(logits), -1), reduction="none")


@dataclasses.dataclass(frozen=True)
class Tested:
    """How models do on texts, in the order in which these were given.

    Attributes:
        correct: whether a text's class is found, shape ``(model, text)``.
        loss: mean cross entropy, shape ``(model,)``.
        losses: the cross entropy of each text, shape ``(model, text)``.
        states: the first token's last states, shape ``(model, text, hidden)``; empty unless asked.
    """

    correct: np.ndarray
    loss: np.ndarray
    losses: np.ndarray
    states: np.ndarray

    @property
    def accuracy(self) -> np.ndarray:
        """Shares of texts whose class is found, shape ``(model,)``."""
        found: np.ndarray = self.correct.mean(axis=1)
        return found


@torch.inference_mode()
def evaluate(
    models: Sequence[Model], which: np.ndarray, data: Data, *, with_states: bool = False
) -> Tested:
    """Classify texts with several models in one pass, in batches of similar length.

    With several layers, whose lower ones give every model states of all tokens, a few at a time.
    """
    if len(data.network.layers) > 1 and len(models) > SIDE_BY_SIDE:
        groups = [
            evaluate(models[first : first + SIDE_BY_SIDE], which, data, with_states=with_states)
            for first in range(0, len(models), SIDE_BY_SIDE)
        ]
        fields = [field.name for field in dataclasses.fields(Tested)]
        return Tested(*(np.concatenate([getattr(g, name) for g in groups]) for name in fields))
    places = data.texts.by_length(np.arange(len(data.texts.lengths))[which])
    parts = []
    for first in range(0, len(places), BATCH):
        states, mask, labels = data.texts.batch(places[first : first + BATCH])
        last, logits = classify(data.network, models, states, mask)
        part = [logits.argmax(dim=-1) == labels, _losses(logits, labels)]
        if with_states:
            part.append(last.expand(len(models), -1, -1))
        parts.append(part)
    correct, loss, *last = (torch.cat(part, dim=1).cpu() for part in zip(*parts, strict=True))
    back = np.argsort(np.argsort(data.texts.lengths[which].cpu().numpy(), kind="stable"))
    return Tested(
        correct=correct[:, back].numpy(),
        loss=loss.mean(dim=1).numpy(),
        losses=loss[:, back].numpy(),
        states=last[0][:, back].numpy() if last else np.empty(0),
    )


def new_head(seed: int, data: Data) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw the classifier's weight, and its bias of zeros."""
    generator = torch.Generator().manual_seed(seed)
    shape = data.classes, data.texts.states.shape[-1]
    weight = torch.empty(shape).normal_(0.0, HEAD_SPREAD, generator=generator)
    device = data.texts.states.device
    both = weight.to(device), torch.zeros(data.classes, device=device)
    return both[0].requires_grad_(requires_grad=True), both[1].requires_grad_(requires_grad=True)


def _keep(
    run: Run, adapter: Adapter, head: tuple[torch.Tensor, torch.Tensor], loss: np.ndarray
) -> Trained:
    with torch.no_grad():
        updates = {name: _compact(update) for name, update in adapter.updates().items()}
    is_lora = run.method in ("lora", "rslora")
    first = [tensor.detach().cpu().numpy() for tensor in adapter.trained[::2]] if is_lora else []
    return Trained(
        updates=updates,
        head=(head[0].detach(), head[1].detach()),
        run=run,
        size=sum(tensor.numel() for tensor in adapter.trained),
        loss=loss,
        lora_A=dict(zip(updates, first, strict=False)),
    )


def _compact(update: Update) -> Update:
    """Form an update that is not of low rank, which is then cheaper to apply."""
    left, right = update.left.detach(), update.right
    if right is None or len(right) >= min(len(left), right.shape[1]):
        return Update(update.dense().detach())
    return Update(left, right)
