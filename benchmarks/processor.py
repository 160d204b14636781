"""Which instructions both sides of a timing use: a number says little without them."""

import threadpoolctl
import torch


def kernels() -> str:
    """Name the kernels of numpy's and scipy's BLAS, and the instructions of torch.

    BLAS takes what ``OPENBLAS_CORETYPE`` says before what the processor can.
    """
    pools = [pool for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]
    blas = sorted({f"{pool['internal_api']} {pool.get('architecture')}" for pool in pools})
    return f"kernels: {', '.join(blas)}; torch {torch.backends.cpu.get_cpu_capability()}"
