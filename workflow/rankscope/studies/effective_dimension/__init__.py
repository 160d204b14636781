"""Effective dimension of random ReLU networks.

The paper: D. Makwana, arXiv 2507.07675 (2025). Only its **abstract** was available: no
theorem, assumption, proof or experiment of its full text has been read. Every claim of it is
therefore tested under each definition that the abstract's words could mean, and a verdict is
about the abstract's statement under that definition, not about the unseen full text.

=====================================  ==================================================
the abstract                            here
=====================================  ==================================================
layerwise effective dimension EDim(l)   a rank of the m x n feature matrix H^l: exact,
                                        numerical, stable, participation ratio, ...
m inputs                                ``batch_size``
width (not named)                       ``width`` n
``m [1 - (1 - 2/pi)^l]``                ``paper_rank``
revival depths, height (not defined:    ``paper_revival_depth``, with rho = 1 - 2/pi, the
rho)                                    only ratio in the abstract
strong negative-slope leaky ReLU        ``negative_slope`` a, ``phi(z) = max(z, a z)``
=====================================  ==================================================

Features are those after the activation; layers count from 1; weights have He's scale.
"""
