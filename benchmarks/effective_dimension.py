"""CPU time of simulating exact ranks layer by layer, against two obvious ways.

The peers are torch modules with forward hooks that call ``matrix_rank`` and ``svdvals``, and
a numpy loop with one SVD per layer; both draw every weight. All three use float64, one BLAS
thread, and run in turn in this process; a ratio is the median of the ratios of each round.
The last column is the share of our own time that is spent in LAPACK.

Run with ``python benchmarks/effective_dimension.py [rounds]``.
"""

# ruff: noqa: E402
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # read when the libraries are first loaded

import contextlib
import statistics
import sys
import time

import numpy as np
import threadpoolctl
import torch
from processor import kernels

from rankscope.numerics import ranks, relu_networks

SHAPES = ((64, 64, 50), (128, 128, 100), (256, 512, 50), (64, 1024, 100), (32, 2048, 30))
"""Batch size, width and depth."""

LAPACK = ("svd", "eigvalsh", "qr", "cholesky")


def ours(batch, width, depth, seed):
    """Give exact rank and singular values of every layer, the way of this package."""
    network = relu_networks.Network(width=width, depth=depth)
    tolerance = ranks.exact_tolerance(batch, width)
    generator = np.random.Generator(np.random.SFC64(seed))
    return [
        (int(ranks.numerical_rank(layer.singular_values, tolerance)), layer.singular_values)
        for layer in relu_networks.layers(np.eye(batch), network, generator)
    ]


def numpy_loop(batch, width, depth, seed):
    """Give the same with full weights and one SVD of all features per layer."""
    generator = np.random.default_rng(seed)
    tolerance = ranks.exact_tolerance(batch, width)
    features, found = np.eye(batch), []
    for _ in range(depth):
        weights = generator.standard_normal((width, features.shape[1]))
        features = np.maximum(features @ (weights * np.sqrt(2 / features.shape[1])).T, 0)
        values = np.linalg.svd(features, compute_uv=False)
        found.append((int(ranks.numerical_rank(values, tolerance)), values))
    return found


def torch_hooks(batch, width, depth, seed):
    """Give the same from forward hooks on torch modules."""
    torch.manual_seed(seed)
    found, modules = [], []

    def measure(module, inputs, features):
        del module, inputs
        found.append((int(torch.linalg.matrix_rank(features)), torch.linalg.svdvals(features)))

    for layer in range(depth):
        fan_in = width if layer else batch
        # no default initialisation: only one draw of each weight is counted
        linear = torch.nn.utils.skip_init(
            torch.nn.Linear, fan_in, width, bias=False, dtype=torch.float64
        )
        torch.nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        relu = torch.nn.ReLU()
        relu.register_forward_hook(measure)
        modules += [linear, relu]
    with torch.no_grad():
        torch.nn.Sequential(*modules)(torch.eye(batch, dtype=torch.float64))
    return found


def seconds(function, *arguments):
    """Return the CPU time of a call."""
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


@contextlib.contextmanager
def lapack_clock():
    """Add up the CPU time of numpy's LAPACK calls."""
    spent, originals = [0.0], {name: getattr(np.linalg, name) for name in LAPACK}

    def timed(function):
        def call(*arguments, **options):
            start = time.process_time()
            try:
                return function(*arguments, **options)
            finally:
                spent[0] += time.process_time() - start

        return call

    for name, function in originals.items():
        setattr(np.linalg, name, timed(function))
    try:
        yield spent
    finally:
        for name, function in originals.items():
            setattr(np.linalg, name, function)


def lapack_share(shape):
    """Return the share of our CPU time that is spent in LAPACK."""
    with lapack_clock() as spent:
        total = seconds(ours, *shape, 0)
    return spent[0] / total


def main(rounds):
    """Print the table."""
    torch.set_num_threads(1)
    pools = threadpoolctl.threadpool_info()
    assert all(pool["num_threads"] == 1 for pool in pools), pools
    print(kernels())
    print(f"median of {rounds} rounds, CPU time, one BLAS thread, float64")
    print("| m, n, depth | ours, ms | torch hooks / ours | numpy loop / ours | LAPACK share |")
    print("|---|---|---|---|---|")
    for shape in SHAPES:
        for peer in (ours, numpy_loop, torch_hooks):
            peer(shape[0], shape[1], 2, 0)  # first calls load libraries
        times = []
        for seed in range(rounds):
            # as many short runs as make the clock's steps small
            own = statistics.median(seconds(ours, *shape, 10 * seed + i) for i in range(3))
            times.append(
                (own, seconds(torch_hooks, *shape, seed), seconds(numpy_loop, *shape, seed))
            )
        own = statistics.median(time[0] for time in times)
        torch_ratio = statistics.median(time[1] / time[0] for time in times)
        numpy_ratio = statistics.median(time[2] / time[0] for time in times)
        share = statistics.median(lapack_share(shape) for _ in range(3))
        print(
            f"| {', '.join(map(str, shape))} | {1e3 * own:.1f} | {torch_ratio:.1f} "
            f"| {numpy_ratio:.1f} | {share:.0%} |",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
