"""Adapters of equal parameters fitted to a target of known spectrum (Albert et al., sections 1, 4).

Every adapter has RandLoRA's ``P = n (d + r)`` trained numbers and is fitted to the same target
by alternating least squares; LoRA's optimum is exact (Eckart and Young) at the fractional rank
``P / (D + d)``, between whole ranks by linear interpolation of the error. ``RandLoRA-a`` and
``RandLoRA-b`` are the paper's ablations of rank ``r`` and of half rank (the latter between ``n``
and ``n + 1`` terms), ``entries`` trains a random subset of the full weight. Errors are
``|(dW - T) S^(1/2)|^2 / |T S^(1/2)|^2`` with ``S`` the second moment of the inputs: the identity
in weight space, ``input_decay`` 0.
"""
