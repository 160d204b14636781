"""Theorem 4.1's bound against the error (Albert et al., section 4.1).

The theorem fits each block of the target's singular value decomposition by one term ``B_j
Lambda_j A Gamma_j`` to within ``eps``, and bounds the error of the sum by ``n eps``. Here the
blocks are fitted by alternating least squares, one by one as in the theorem and jointly as in
training; all norms are relative to the target's.
"""
