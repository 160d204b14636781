"""Time stacks of networks against torch, one network after the other, on the same work.

Run with one thread: ``OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1``.
Both take the same start, images and batches in single precision; CPU times are interleaved in one
process, and the two losses are printed beside them. The settings are those of the default's
study ``trained_networks``; the last row is the time of all its steps.
"""

import statistics
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from processor import kernels

from rankscope.numerics import dense_networks
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.planning import configuration

DEFAULT = Path(__file__).parent.parent / "config.yaml"
PIXELS, CLASSES, IMAGES = 64, 10, 400
NETWORKS, STEPS, ROUNDS = 16, 100, 3
RATE = {"sgd": 0.1, "adam": 0.002}


def start(width: int, depth: int) -> list[np.ndarray]:
    """Draw a stack in single precision."""
    drawn = [
        dense_networks.draw(PIXELS, width, depth, CLASSES, (2.0, 1.0), np.random.default_rng(index))
        for index in range(NETWORKS)
    ]
    return [np.stack(layer).astype(np.float32) for layer in zip(*drawn, strict=True)]


def ours(
    weights: list[np.ndarray], images: np.ndarray, labels: np.ndarray, order: np.ndarray, kind: str
) -> float:
    """Train all networks in lockstep; return their mean loss."""
    weights = [layer.copy() for layer in weights]
    optimiser = dense_networks.Optimiser(
        weights, adam=kind == "adam", learning_rate=RATE[kind], weight_decay=0.0
    )
    dense_networks.train(
        weights,
        lambda step: (images[order[:, step]], labels[order[:, step]]),
        range(STEPS),
        "relu",
        optimiser,
    )
    inputs = np.broadcast_to(images, (NETWORKS, *images.shape))
    p = dense_networks.forward(weights, inputs, ACTIVATIONS["relu"]).probabilities
    return float(-np.log(p[:, np.arange(IMAGES), labels]).mean())


def torchs(
    weights: list[np.ndarray], images: np.ndarray, labels: np.ndarray, order: np.ndarray, kind: str
) -> float:
    """Train one network after the other with torch; return their mean loss."""
    inputs, targets, batches = (torch.tensor(one) for one in (images, labels, order))
    losses = []
    for index in range(NETWORKS):
        hidden = [
            module
            for layer in weights[:-1]
            for module in (torch.nn.Linear(*layer.shape[:0:-1], bias=False), torch.nn.ReLU())
        ]
        readout = torch.nn.Linear(*weights[-1].shape[:0:-1], bias=False)
        model = torch.nn.Sequential(*hidden, readout)
        with torch.no_grad():
            for parameter, layer in zip(model.parameters(), weights, strict=True):
                parameter.copy_(torch.tensor(layer[index]))
        make = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[kind]
        optimiser = make(model.parameters(), lr=RATE[kind])
        for step in range(STEPS):
            chosen = batches[index, step]
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(inputs[chosen]), targets[chosen])
            loss.backward()
            optimiser.step()
        with torch.no_grad():
            losses.append(float(torch.nn.functional.cross_entropy(model(inputs), targets)))
    return statistics.fmean(losses)


def settings() -> Counter[tuple[str, int, int, int]]:
    """Count the default's steps by optimiser, depth, width and batch size."""
    study = configuration.read(DEFAULT).studies["trained_networks"]
    steps: Counter[tuple[str, int, int, int]] = Counter()
    for point in study.points:
        one = point.parameters
        steps[one.optimiser, one.depth, one.width, one.batch_size] += one.steps * study.replicates
    return steps


def main() -> None:
    """Print a row per setting, and one of all."""
    torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    images = generator.standard_normal((IMAGES, PIXELS)).astype(np.float32)
    labels = generator.integers(CLASSES, size=IMAGES)
    print(kernels())
    print(f"{NETWORKS} networks, {STEPS} steps; CPU ms per network and 1000 steps; goal 5")
    print(f"{'setting':34s} {'torch':>8s} {'ours':>8s} {'ratio':>6s} {'losses':>16s}")
    total = {"torch": 0.0, "ours": 0.0}
    all_steps = settings()
    for (kind, depth, width, batch), steps in all_steps.most_common():
        order = generator.integers(IMAGES, size=(NETWORKS, STEPS, batch))
        work = (start(width, depth), images, labels, order, kind)
        times: dict[str, list[float]] = {"torch": [], "ours": []}
        losses = {}
        for _ in range(ROUNDS):
            for name, way in (("torch", torchs), ("ours", ours)):
                begin = time.process_time()
                losses[name] = way(*work)
                times[name].append(time.process_time() - begin)
        scale = 1e6 / NETWORKS / STEPS
        peer, own = (statistics.median(times[name]) * scale for name in ("torch", "ours"))
        total["torch"] += steps * peer
        total["ours"] += steps * own
        name = f"{kind}, L = {depth}, n = {width}, batch {batch}"
        pair = " ".join(f"{losses[one]:.5f}" for one in ("torch", "ours"))
        print(f"{name:34s} {peer:8.0f} {own:8.0f} {peer / own:6.1f} {pair:>16s}", flush=True)
    mean = {name: value / all_steps.total() for name, value in total.items()}
    ratio = mean["torch"] / mean["ours"]
    print(f"{'all steps of the default':34s} {mean['torch']:8.0f} {mean['ours']:8.0f} {ratio:6.1f}")


if __name__ == "__main__":
    main()
