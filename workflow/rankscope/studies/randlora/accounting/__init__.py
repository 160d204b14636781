"""Parameters of the paper's comparison, and of RandLoRA's bases (Albert et al., section 4.2).

On a weight of shape ``(rows, columns)`` the paper's RandLoRA of ``rank`` ``r`` trains ``d^2 / r
+ d`` numbers, where ours trains ``n (d + r)`` with ``n = ceil(d / r)``; its LoRA of rank
``other_rank`` trains ``r' (D + d)``. Numbers are counted on the arrays that are allocated.
"""
