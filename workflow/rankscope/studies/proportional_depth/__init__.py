"""Inputs where depth is comparable to width: a pair, and a batch in shaped networks.

Claims of Li, Nica and Roy, arXiv 2206.02768 (shaped activations), and of Li and Nica, arXiv
2310.12079 (ReLU as it is), known by their abstracts and by a formula that was recalled; what is
tested is derived here. ``width`` is n, ``shape`` is c, ``correlation`` is the pair's cosine rho
at the input, ``depth_ratio`` is T = L / n, and time is t = l / n.
"""
