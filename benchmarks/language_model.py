"""Time the language model's runs side by side against a plain loop of PEFT and torch.

Run with one thread, as ``OMP_NUM_THREADS=1 python benchmarks/language_model.py``. Both train the
same runs from the same start on the same batches, and test them on the same texts;
the losses and the answers stand beside the times. The plain loop runs the whole model on all
tokens, one run after the other.
"""

import argparse
import dataclasses
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import transformers
import yaml
from torch.nn.functional import cross_entropy

from rankscope.planning import parameters as planning
from rankscope.studies.language_model import corpora
from rankscope.studies.language_model.parameters import BATCH, TARGETS, Parameters, Run
from rankscope.studies.language_model.simulation import methods, model, replicate, training
from rankscope.studies.language_model.simulation.training import Data, Setting


@dataclasses.dataclass(frozen=True)
class Plain:
    """What the plain loop gives: the loss of each step, and the answers on the test texts."""

    loss: np.ndarray
    correct: np.ndarray


def plain_loop(
    point: Parameters, setting: Setting, steps: np.ndarray, tokens: Sequence[list[int]], data: Data
) -> Plain:
    """Train and test one run as one would by hand: a whole model, PEFT, AdamW.

    Args:
        point: the point.
        setting: the run.
        steps: the texts of each step.
        tokens: of all texts.
        data: their labels, and which ones are tested.
    """
    net = transformers.AutoModel.from_pretrained(
        str(model.model_folder(point)), dtype=torch.float32, attn_implementation="sdpa"
    ).eval()
    net.requires_grad_(requires_grad=False)
    adapted, restart = _adapted(net, point, setting)
    head = [t.detach().clone().requires_grad_() for t in training.new_head(setting.head_seed, data)]
    groups: list[dict[str, Any]] = [{"params": head, "lr": setting.head_rate, "cycles": 1}]
    cycles = point.relora_cycles if setting.run.method == "relora" else 1
    if adapted:
        groups.append({"params": adapted, "lr": setting.rate, "cycles": cycles})
    optimizer = torch.optim.AdamW(groups, weight_decay=0.0)
    rates = [group["lr"] for group in groups]

    def classify(which: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        longest = max(len(tokens[text]) for text in which)
        padded = torch.tensor([tokens[t] + [0] * (longest - len(tokens[t])) for t in which])
        lengths = torch.tensor([len(tokens[text]) for text in which])
        mask = torch.arange(longest) < lengths[:, None]
        first = net(input_ids=padded, attention_mask=mask.long()).last_hidden_state[:, 0]
        return first @ head[0].T + head[1], data.texts.labels[torch.as_tensor(which)]

    losses = []
    for step, which in enumerate(steps):
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * training.schedule(step, len(steps), group["cycles"])
        if step in training.starts(len(steps), cycles)[1:]:
            restart()
            for weight in adapted:
                optimizer.state[weight].clear()
        optimizer.zero_grad()
        loss = cross_entropy(*classify(which))
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    correct = []
    with torch.inference_mode():
        for first in range(0, len(data.test), BATCH):
            logits, labels = classify(data.test[first : first + BATCH])
            correct.append((logits.argmax(dim=1) == labels).numpy())
    return Plain(np.array(losses), np.concatenate(correct))


def _adapted(
    net: Any, point: Parameters, setting: Setting
) -> tuple[list[torch.Tensor], Callable[[], None]]:
    """Make a run's weights trainable, with the start of `methods.start`.

    Returns them, and what merges LoRA's product into the weights and starts anew.
    """
    run = setting.run
    shapes = {name: point.shape(name[-1]) for name in point.matrix_names()}
    own = [name for name in shapes if name[-1] in run.targets]
    paths = {n: f"encoder.layer.{n[:-2]}.{TARGETS[n[-1]]}" for n in own}
    if run.method == "head":
        return [], lambda: None
    if run.method == "full":
        weights = [net.get_submodule(paths[name]).weight for name in own]
        return [weight.requires_grad_() for weight in weights], lambda: None
    import peft

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peft.get_peft_model(net, _config(run, point, list(paths.values())))
    start = methods.start(run, shapes, point.lora_alpha, setting.adapter_seed, "cpu")
    with torch.no_grad():
        for place, name in enumerate(own):
            module = net.get_submodule(paths[name])
            first, second = (t.detach() for t in start.trained[2 * place : 2 * place + 2])
            if run.method in ("lora", "rslora", "relora"):
                module.lora_A["default"].weight.copy_(first)
                module.lora_B["default"].weight.copy_(second)
            elif run.method == "vera":
                module.vera_lambda_d["default"].copy_(first)
                module.vera_lambda_b["default"].copy_(second)
                module.vera_A["default"].copy_(start.frozen[0])
                module.vera_B["default"].copy_(start.frozen[1])
            else:
                module.randlora_lambda["default"].copy_(first.T)
                module.randlora_gamma["default"].copy_(second)
                a, b = start.frozen
                module.randlora_A["default"][..., : a.shape[1]].copy_(a[:, None])
                # PEFT pairs column (j, k) of B with row (k, j) of A
                turned = b.transpose(1, 2).flatten(1).view(b.shape)
                module.randlora_B["default"][:, : b.shape[1]].copy_(turned)

    @torch.no_grad()
    def restart() -> None:
        start.restart()
        for place, name in enumerate(own):
            module = net.get_submodule(paths[name])
            module.base_layer.weight += module.get_delta_weight("default")
            module.lora_A["default"].weight.copy_(start.trained[2 * place])
            module.lora_B["default"].weight.zero_()

    return [weight for weight in net.parameters() if weight.requires_grad], restart


def _config(run: Run, point: Parameters, paths: list[str]) -> Any:
    import peft

    targets = "|".join(path.replace(".", r"\.") for path in paths)
    if run.method == "randlora":
        return peft.RandLoraConfig(
            r=run.rank, randlora_alpha=20 * run.rank, target_modules=rf"({targets})"
        )
    if run.method == "vera":
        return peft.VeraConfig(r=run.rank, target_modules=rf"({targets})")
    return peft.LoraConfig(
        r=run.rank,
        lora_alpha=point.lora_alpha,
        use_rslora=run.method == "rslora",
        target_modules=rf"({targets})",
    )


def tokens_of(point: Parameters) -> list[list[int]]:
    """Return the tokens of all texts of a point, in the order of its `Data`."""
    corpus = corpora.load(point.task)
    tokenizer = transformers.AutoTokenizer.from_pretrained(str(model.model_folder(point)))
    texts = [corpus.texts[text] for text in replicate.chosen_texts(point, corpus)]
    found = tokenizer(texts, truncation=True, max_length=point.tokens)["input_ids"]
    return [list(ids) for ids in found]


def main() -> None:
    """Train and test every run of the default's first point, shortened, in both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=8, help="steps of each run")
    parser.add_argument("--texts", type=int, default=192, help="test texts")
    parser.add_argument("--config", default="config.yaml")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with open(options.config, encoding="utf-8") as file:  # noqa: PTH123
        section = yaml.safe_load(file)["studies"]["language_model"]
    first = {name: values[0] for name, values in section["grid"][0].items()}
    shorter = {"steps": options.steps, "tested_texts": options.texts, "training_pool": 400}
    shorter |= {"training_texts": 400, "validation_texts": 1}
    point = planning.build(Parameters, section["fixed"] | first | shorter, "benchmark")
    begun = time.process_time()
    data = replicate.prepare(point)
    prefix = (time.process_time() - begun) / len(data.texts.lengths)
    steps = training.batches(1, data, point)
    settings = [Setting(run, 1e-3, 1e-2, 2, 3) for run in point.run_list()]
    begun = time.process_time()
    trained = training.train(settings, steps, data, point)
    middle = time.process_time()
    tested = training.evaluate(trained, data.test, data)
    fast = middle - begun, time.process_time() - middle
    tokens = tokens_of(point)
    print(f"{'run':16s} {'loss, largest difference':>26s} {'answers that differ':>20s}")
    begun = time.process_time()
    for row, setting in enumerate(settings):
        found = plain_loop(point, setting, steps, tokens, data)
        gap = np.abs(found.loss - trained[row].loss).max()
        other = int((found.correct != tested.correct[row]).sum())
        print(f"{setting.run.name:16s} {gap:26.1e} {other:20d}")
    slow = time.process_time() - begun
    print(f"plain loop {slow:.1f} s, side by side {sum(fast):.1f} s ({fast[0]:.1f} training)")
    print(f"ratio {slow / sum(fast):.1f} without the frozen layers, which run once a text")
    print(f"({prefix * 1e3:.1f} ms); goal 4")


if __name__ == "__main__":
    main()
