"""Time the adapters' numerics against the dense, the looped and PEFT's way, with accuracy.

Run with one thread: ``OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/adapters.py``.
The two ways of a pair are interleaved in one process; ratios are medians of CPU-time ratios.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from rankscope.numerics import adapter_probes, low_rank, subspaces
from rankscope.numerics import low_rank_training as training


def cpu_time(function: Callable[[], object], least: float = 0.02) -> float:
    """Return CPU seconds of one call, repeated until ``least`` seconds have passed."""
    calls, start = 0, time.process_time()
    while calls == 0 or time.process_time() - start < least:
        function()
        calls += 1
    return (time.process_time() - start) / calls


def compare(
    name: str,
    slow: Callable[[], object],
    fast: Callable[[], object],
    error: float,
    *,
    goal: float,
    rounds: int,
) -> None:
    """Print the median ratio of CPU times, both times, and the error between the results."""
    fast()
    pairs = [(cpu_time(slow), cpu_time(fast)) for _ in range(rounds)]
    ratio = statistics.median(a / b for a, b in pairs)
    times = [statistics.median(column) * 1e3 for column in zip(*pairs, strict=True)]
    print(f"{name:44s} {times[0]:10.3f} {times[1]:10.4f} {ratio:8.1f} {goal:6.0f} {error:10.1e}")


def spectrum(rank: int, goal: float, rounds: int, width: int = 1024) -> None:
    """Singular values of B A: QR of the factors against the dense decomposition."""
    generator = np.random.default_rng(0)
    left, right = generator.normal(size=(width, rank)), generator.normal(size=(rank, width))
    dense = np.linalg.svd(left @ right, compute_uv=False)
    error = np.abs(low_rank.singular_values(left, right) - dense[:rank]).max() / dense[0]
    compare(
        f"spectrum of B A, {width} x {width}, r = {rank}",
        lambda: np.linalg.svd(left @ right, compute_uv=False),
        lambda: low_rank.singular_values(left, right),
        float(error),
        goal=goal,
        rounds=rounds,
    )


def similarity_loop(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Equation 4 as it is written, one pair (i, j) at a time."""
    phi = np.empty((first.shape[1], second.shape[1]))
    for i in range(1, len(phi) + 1):
        for j in range(1, phi.shape[1] + 1):
            inner = first[:, :i].T @ second[:, :j]
            phi[i - 1, j - 1] = np.linalg.norm(inner) ** 2 / min(i, j)
    return phi


def similarity(rounds: int, width: int = 1024, rank: int = 64) -> None:
    """phi(i, j) for all pairs: cumulative sums against the double loop."""
    generator = np.random.default_rng(0)
    first, second = (low_rank.random_frame(generator, (width, rank)) for _ in range(2))
    gap = subspaces.subspace_similarity(first, second) - similarity_loop(first, second)
    compare(
        f"phi, all pairs, d = {width}, r = {rank}",
        lambda: similarity_loop(first, second),
        lambda: subspaces.subspace_similarity(first, second),
        float(np.abs(gap).max()),
        goal=800,
        rounds=rounds,
    )


def step(rank: int, batch: int, goal: float, rounds: int, width: int = 1024) -> None:
    """One Adam step towards a low-rank teacher: factors alone against PEFT's layer."""
    import peft
    import torch

    torch.set_num_threads(1)
    generator = np.random.default_rng(0)
    teacher = training.Teacher(
        generator.normal(size=(width, 8)), low_rank.random_frame(generator, (width, 8))
    )
    factors = training.initial_factors(generator, width, width, rank)
    x = generator.normal(size=(batch, width))
    layer = torch.nn.ModuleDict({"layer": torch.nn.Linear(width, width, bias=False)}).double()
    model = peft.get_peft_model(
        layer, peft.LoraConfig(r=rank, lora_alpha=rank, target_modules=["layer"])
    ).double()
    theirs = model.base_model.model["layer"]
    with torch.no_grad():
        theirs.lora_A["default"].weight.copy_(torch.tensor(factors.lora_A))
    inputs = torch.tensor(x)
    goal_outputs = torch.tensor(x @ teacher.inputs @ teacher.outputs.T)
    goal_outputs = goal_outputs + inputs @ theirs.base_layer.weight.detach().T
    adam = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    ours = training.Adam()

    def slow() -> None:
        adam.zero_grad()
        (torch.sum((theirs(inputs) - goal_outputs) ** 2) / (2 * batch)).backward()
        adam.step()

    def fast() -> None:
        ours.update(factors, training.gradients(factors, teacher, x, 1.0), 1e-4)

    for _ in range(5):
        slow()
        fast()
    reached = theirs.lora_B["default"].weight.detach().numpy()
    error = np.linalg.norm(factors.lora_B - reached) / np.linalg.norm(reached)
    compare(
        f"Adam step, {width} x {width}, r = {rank}, b = {batch}",
        slow,
        fast,
        float(error),
        goal=goal,
        rounds=rounds,
    )


def probe(rank: int, width: int = 4096) -> None:
    """Spectrum, directions, amplification with its null, of one large update: milliseconds."""
    generator = np.random.default_rng(0)
    left, right = generator.normal(size=(width, rank)), generator.normal(size=(rank, width))
    base = generator.standard_normal((width, width))

    def spectrum_and_directions() -> low_rank.LowRankSvd:
        return low_rank.svd(left, right, 0.5)

    update = spectrum_and_directions()
    parts = {
        "singular values": lambda: low_rank.singular_values(left, right, 0.5),
        "singular vectors": spectrum_and_directions,
        "amplification, its null and alignment": lambda: adapter_probes.amplification(
            base, update.left, update.right, float(update.frobenius_norm)
        ),
        "phi against itself": lambda: subspaces.subspace_similarity(update.right, update.right),
    }
    for name, part in parts.items():
        seconds = statistics.median(cpu_time(part) for _ in range(5))
        print(f"probe {width} x {width}, r = {rank:3d}: {name:40s} {seconds * 1e3:8.2f} ms")


def main() -> None:
    """Run all comparisons once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved repetitions")
    rounds = parser.parse_args().rounds
    print(f"{'':44s} {'slow, ms':>10s} {'fast, ms':>10s} {'ratio':>8s} {'goal':>6s} {'error':>10s}")
    for rank, goal in ((4, 600), (8, 600), (16, 600), (64, 150)):
        spectrum(rank, goal, rounds)
    similarity(rounds)
    for rank, batch in ((4, 16), (16, 16), (4, 64), (16, 64), (64, 64)):
        step(rank, batch, 8 if rank <= 16 else 4, rounds)
    for rank in (8, 16, 64):
        probe(rank)


if __name__ == "__main__":
    main()
