"""rankscope: a study of rank in neural networks.

The package is the science and its bookkeeping; it knows nothing of Snakemake.
``numerics`` holds pure functions of arrays, ``studies`` one folder per study, and
the modules beside them turn a configuration into points, datasets and verdicts.
"""
