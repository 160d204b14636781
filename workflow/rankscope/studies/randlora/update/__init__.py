"""Ranks and moments of RandLoRA updates with random diagonals (Albert et al., sections 4.1, 4.3).

The update is ``sum_j B_j Lambda_j A Gamma_j``. The ``Lambda_j`` are standard normal; the
``Gamma_j`` are normal about their common start of one with standard deviation
``gamma_spread``, which is 0 at initialisation. Nothing is trained: what is asked is what
ranks, strict and soft, the parametrisation gives to a generic update.
"""
