"""Leading eigenpairs and SGD steps against other ways, at equal accuracy, in one process.

Ratios are medians over repetitions of CPU-time ratios, ways interleaved, one thread. Every
row carries the accuracy of each way: the largest eigenvalue error relative to the largest
eigenvalue, and the largest residual, both recomputed in double precision against a dense
or a converged reference. Memory is the peak of what a way allocates, traced for numpy;
torch's own memory is not seen and is left out. Run with the test requirements installed:

    python benchmarks/eigenspaces.py [--large]
"""

import argparse
import collections
import time
import tracemalloc
import warnings

import numpy as np
import torch
from curvlinops import EFLinearOperator, HessianLinearOperator
from processor import kernels
from scipy.sparse import linalg as sparse
from threadpoolctl import threadpool_limits

from rankscope.numerics import alignment, eigenpairs, gram_chain, mixtures, sgd
from rankscope.numerics.activations import ACTIVATIONS
from rankscope.numerics.classifiers import Multinomial, TwoLayer
from rankscope.numerics.moment_operators import (
    MultinomialHessian,
    MultinomialSecondMoment,
    WeightedMoments,
)

TOLERANCE = 1e-6
SNR, WARM_UP = 10.0, 10.0
LOCKSTEP = 8
"""Networks that the study trains at a time: the replicates of a point."""


def main() -> None:
    """Print one table for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="add the larger dimensions")
    parser.add_argument("--repeat", type=int, default=3, help="repetitions of each way")
    parser.add_argument("--only", choices=("full", "blocks", "xor", "steps"), help="one table")
    options = parser.parse_args()
    torch.set_num_threads(1)
    threadpool_limits(1)
    warnings.filterwarnings("ignore")
    print(kernels())
    print(
        f"{'what':34} {'way':26} {'CPU ms':>9} {'ratio':>7} {'value err':>10} {'residual':>9} "
        f"{'MB':>7}"
    )
    sizes = (300, 1000, 2000) if options.large else (300, 1000)
    tables = {"full": full_matrices, "blocks": class_blocks, "xor": xor_blocks, "steps": steps}
    for name, table in tables.items():
        if options.only in (None, name):
            for dimension in sizes:
                table(dimension, options.repeat)


def trained_mixture(dimension: int, classes: int, size: int):
    """Return a softmax classifier after some training, and samples, in all coordinates."""
    mixture = mixtures.class_mixture(np.eye(classes), SNR)
    network = Multinomial(mixture.labels)
    generator = np.random.default_rng(0)
    zeros = np.zeros((1, classes, classes))
    chain = gram_chain.start(mixture, dimension, zeros, 1.0, zeros[:, 0], [generator])
    chain.run(network.slopes, int(WARM_UP * dimension), 1 / dimension, 0.01)
    weights = np.zeros((classes, dimension))
    weights[:, : chain.weights.shape[2]] = chain.weights[0]
    components, samples = mixture.sample(generator, size, dimension)
    return network, weights, samples, components


def full_matrices(dimension: int, repeat: int, classes: int = 10, count: int = 10) -> None:
    """Top eigenpairs of the full Hessian and G: ours, curvlinops with ARPACK."""
    network, weights, samples, components = trained_mixture(dimension, classes, 2 * dimension)
    hidden = samples @ weights.T
    p = network.probabilities(hidden)
    u, _ = network.slopes(hidden, components, hidden)
    start = np.random.default_rng(1).standard_normal((1, classes * dimension))
    module = torch.nn.Linear(dimension, classes, bias=False).double()
    module.weight.data = torch.tensor(weights)
    loss = torch.nn.CrossEntropyLoss()
    data = [(torch.tensor(samples), torch.tensor(components))]
    hessian, second = MultinomialHessian(samples, p), MultinomialSecondMoment(samples, u)
    # does not change along a trajectory, so it is kept
    gram = (samples @ samples.T).astype(np.float32)

    def ours(matrix):
        def run():
            pairs = alignment.leading_full(matrix, count, start, gram, TOLERANCE)
            return pairs.values[0], pairs.vectors[0]

        return run

    def peer(kind):
        def run():
            operator = kind(
                module, loss, list(module.parameters()), data, check_deterministic=False
            )
            values, vectors = sparse.eigsh(operator.to_scipy(), count, which="LA", tol=TOLERANCE)
            return values[::-1], vectors[:, ::-1]

        return run

    what = f"full, d={dimension}, k={classes}, M={2 * dimension}"
    compare(
        f"H {what}",
        {"ours": ours(hessian), "curvlinops + eigsh": peer(HessianLinearOperator)},
        lambda v: hessian.apply(v.T.copy()).T,
        repeat,
    )
    compare(
        f"G {what}",
        {"ours, dual": ours(second), "curvlinops + eigsh": peer(EFLinearOperator)},
        lambda v: second.apply(v.T.copy()).T,
        repeat,
    )


def class_blocks(dimension: int, repeat: int, classes: int = 10) -> None:
    """Top eigenpairs of all class blocks of the Hessian: in lockstep, and dense."""
    network, weights, samples, components = trained_mixture(dimension, classes, 2 * dimension)
    blocks = network.block_weights(samples @ weights.T, components, weights[:, 0])[0].T
    for count in (2, 10):
        lockstep(
            f"{classes} class blocks, d={dimension}, top {count}", samples, blocks, count, repeat
        )


def xor_blocks(dimension: int, repeat: int, width: int = 20, count: int = 2) -> None:
    """Top eigenpairs of all first-layer blocks of a two-layer network."""
    mixture = mixtures.xor_mixture(SNR)
    network = TwoLayer(mixture.labels, ACTIVATIONS["relu"])
    generator = np.random.default_rng(0)
    second = generator.standard_normal((1, width))
    chain = gram_chain.start(mixture, dimension, np.zeros((1, width, 2)), 1.0, second, [generator])
    chain.run(network.slopes, int(WARM_UP * dimension), 1 / dimension, 0.05)
    components, samples = mixture.sample(generator, 2 * dimension, dimension)
    hidden = samples[:, : chain.weights.shape[2]] @ chain.weights[0].T
    blocks = network.block_weights(hidden, components, chain.second[0])[0].T
    lockstep(f"{width} XOR blocks, d={dimension}, top {count}", samples, blocks, count, repeat)


def lockstep(what: str, samples, weights, count: int, repeat: int) -> None:
    """Compare lockstep Lanczos with dense eigendecomposition and with ARPACK, block by block."""
    double = WeightedMoments(samples, weights)
    start = np.random.default_rng(1).standard_normal((len(weights), samples.shape[1]))

    def ours():
        single = WeightedMoments(samples.astype(np.float32), weights.astype(np.float32))
        pairs = eigenpairs.lanczos(
            single.apply, start.astype(np.float32), count, TOLERANCE, finish=double.apply
        )
        return pairs.values[0], pairs.vectors[0]

    def dense():
        for w in weights[::-1]:
            values, vectors = np.linalg.eigh((samples.T * w) @ samples / len(samples))
        return values[::-1][:count], vectors[:, ::-1][:, :count]

    def arpack():
        for w in weights[::-1]:
            operator = sparse.LinearOperator(
                (samples.shape[1],) * 2,
                matvec=lambda v, w=w: samples.T @ (w * (samples @ v)) / len(samples),
                dtype=float,
            )
            values, vectors = sparse.eigsh(operator, count, which="LA", tol=TOLERANCE)
        return values[::-1], vectors[:, ::-1]

    def apply(vectors):
        return samples.T @ (weights[0][:, None] * (samples @ vectors)) / len(samples)

    compare(what, {"ours": ours, "dense eigh": dense, "matvec + eigsh": arpack}, apply, repeat)


def compare(what: str, ways: dict, apply, repeat: int) -> None:
    """Time the ways in turn; the first is the unit of the ratios."""
    seconds = {name: [] for name in ways}
    results, memory = {}, {}
    for _ in range(repeat):
        for name, way in ways.items():
            begin = time.process_time()
            results[name] = way()
            seconds[name].append(time.process_time() - begin)
    for name, way in ways.items():
        tracemalloc.start()
        way()
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        memory[name] = np.nan if "curvlinops" in name else peak
        tracemalloc.stop()
    images = {name: apply(vectors) for name, (_, vectors) in results.items()}
    gaps = {
        name: np.linalg.norm(images[name] - vectors * values, axis=0).max() / values[0]
        for name, (values, vectors) in results.items()
    }
    exact = results[min(gaps, key=gaps.get)][0]
    unit = np.array(seconds[next(iter(ways))])
    for name, (values, _) in results.items():
        ratio = np.median(np.array(seconds[name]) / unit)
        error = np.abs(values - exact).max() / exact[0]
        print(
            f"{what:34} {name:26} {1e3 * np.median(seconds[name]):9.1f} {ratio:7.2f} "
            f"{error:10.1e} {gaps[name]:9.1e} {memory[name]:7.1f}",
            flush=True,
        )


def steps(dimension: int, repeat: int, classes: int = 10, count: int = 2000) -> None:
    """One-pass SGD with batch size one: ours in all coordinates, the chain, torch's optimiser."""
    mixture = mixtures.class_mixture(np.eye(classes), SNR)
    network = Multinomial(mixture.labels)
    generator = np.random.default_rng(0)
    first = generator.standard_normal((1, classes, dimension)) / np.sqrt(dimension)
    components, samples = mixture.sample(generator, count, dimension)
    step, ridge = 1 / dimension, 0.01
    finals = {}
    seconds = collections.defaultdict(list)
    for _ in range(repeat):
        for networks, more in ((1, ""), (LOCKSTEP, f", {LOCKSTEP} in lockstep")):
            weights, own = (
                np.repeat(each[:1], networks, axis=0) for each in (first, samples[None])
            )
            truth = np.repeat(components[None], networks, axis=0)
            begin = time.process_time()
            second = np.zeros((networks, classes))
            sgd.descend(network.slopes, weights, second, own, truth, step, ridge)
            seconds[f"ours{more}"].append((time.process_time() - begin) / networks)
            finals[f"ours{more}"] = weights[-1]
            begin = time.process_time()
            zeros = np.zeros((networks, classes, classes))
            generators = generator.spawn(networks)
            chain = gram_chain.start(mixture, dimension, zeros, 1.0, zeros[:, 0], generators)
            chain.run(network.slopes, count, step, ridge)
            seconds[f"Gram chain{more}"].append((time.process_time() - begin) / networks)
        begin = time.process_time()
        module = torch.nn.Linear(dimension, classes, bias=False).double()
        module.weight.data = torch.tensor(first[0])
        optimiser = torch.optim.SGD(module.parameters(), lr=step, weight_decay=ridge)
        inputs, truth = torch.tensor(samples), torch.tensor(components)
        for index in range(count):
            optimiser.zero_grad()
            output = module(inputs[index : index + 1])
            torch.nn.functional.cross_entropy(output, truth[index : index + 1]).backward()
            optimiser.step()
        seconds["torch.optim.SGD"].append(time.process_time() - begin)
        finals["torch.optim.SGD"] = module.weight.detach().numpy()
    unit = np.array(seconds["ours"])
    for name, taken in seconds.items():
        note = "equal in law, sampling included"
        if name in finals:
            note = f"weights to {np.abs(finals[name] - finals['torch.optim.SGD']).max():.0e}"
        print(
            f"{f'SGD step, d={dimension}, k={classes}':34} {name:26} "
            f"{1e3 * np.median(taken) / count:9.4f} {np.median(np.array(taken) / unit):7.2f} "
            f"  {note}",
            flush=True,
        )


if __name__ == "__main__":
    main()
