"""What rank costs and saves on finite samples: full least squares against reduced-rank regression.

From ``n`` whitened Gaussian inputs in ``R^d`` and outputs in ``R^D`` with noise of standard
deviation ``sigma`` a weight of unit norm and rank ``k`` is estimated: by full least squares,
which stands for full fine-tuning, and by the best fit of rank ``r``, which is the exact
optimum of a LoRA update on that training set. The risk is the expected squared output error.
"""
