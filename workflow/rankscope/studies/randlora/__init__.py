"""RandLoRA: Full-rank parameter-efficient fine-tuning (Albert et al., arXiv 2502.00987).

The paper's notation against ours: its weight ``W`` in ``R^{D x d}`` is a weight of shape
``(rows, columns)`` with ``columns <= rows``. Its update is ``sum_j B_j Lambda_j A Gamma_j``
(equation 4) with ``n = ceil(d / r)`` frozen random bases ``B_j`` ``(rows, rank)``, one
frozen ``A`` ``(rank, columns)``, and trained diagonals ``Lambda_j`` and ``Gamma_j``, in all
``n (d + r)`` trained numbers. ``lora`` at equal parameters has the fractional rank ``n (d +
r) / (D + d)``, between whole ranks by linear interpolation of the error.

Each point is one ``experiment``:

- ``update``: moments and rank of an update with random or initial diagonals.
- ``fit``: adapters of equal parameters fitted to a target by alternating least squares.
- ``bound``: theorem 4.1's bound against the error.
- ``collinear``: how often two sparse ternary vectors are linearly dependent.
- ``accounting``: parameters of the paper's comparison, and of its bases.
"""
