"""Independent Gaussian entries.

Each factor has independent standard normal entries over the square root of ``size``, the
paper's n; ``depth`` is its L. The product is drawn anew in every replicate.
"""
