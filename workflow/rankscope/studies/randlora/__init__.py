"""RandLoRA: Full-rank parameter-efficient fine-tuning (Albert et al., arXiv 2502.00987).

The paper's notation against ours: its weight ``W`` in ``R^{D x d}`` is a weight of shape
``(rows, columns)`` with ``columns <= rows``. Its update is ``sum_j B_j Lambda_j A Gamma_j``
(equation 4) with ``n = ceil(d / r)`` frozen random bases ``B_j`` ``(rows, rank)``, one
frozen ``A`` ``(rank, columns)``, and trained diagonals ``Lambda_j`` and ``Gamma_j``, in all
``P = n (d + r)`` trained numbers.

Its experiments are studies of their own: ``update`` (ranks and moments), ``fit`` (adapters of
equal parameters), ``bound`` (theorem 4.1), ``collinear`` (sparse bases) and ``accounting``
(counts of parameters).
"""
