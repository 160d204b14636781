"""How the Jacobian of a random network loses rank with depth, from a few layers to many widths.

No paper: derived here. ``width`` is n, ``depth`` L; ``linear`` is a product of random matrices.
"""
