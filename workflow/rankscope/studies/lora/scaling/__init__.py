"""How rank sets the pace: the first step and the best learning rate under two scalings.

A flat teacher of rank ``k`` and unit norm is learned from whitened inputs in expectation (full
gradients), with the update ``s B A``, ``B = 0`` and ``A`` Gaussian of variance ``1 / d`` at
the start. ``s = alpha / r`` is the paper's scaling (section 4.1), ``s = alpha / sqrt(r)`` that
of rsLoRA (Kalajdzievski, arXiv 2312.03732).
"""
