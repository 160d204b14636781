"""Probes of LoRA's section 7 on trained adapters whose task is known.

Two adapters of different rank, ``r = 8`` and ``r = 64`` in the paper, are trained on noisy
samples of one planted update, from one seed and from two. Their right singular vectors are
compared by the similarity ``phi(i, j)`` (equation 4), here ``phi_shared``, ``phi_unshared``
and, for two adapters of the larger rank, ``phi_seeds``. The planted update is unrelated to the
base weight ``W``, or lies in its leading or trailing singular directions, so that what the
amplification factor ``|dW|_F / |U^T W V|_F`` (section 7.3) should say is known as well; the
factor of random directions over it is the ``alignment``.
"""
