"""How often two sparse ternary vectors are linearly dependent (Albert et al., appendix).

Entries are -1, 0, 1 with probabilities ``1/s, 1 - 2/s, 1/s``; our ``sparsity`` is the share of
zeros ``z = 1 - 2/s`` and ``columns`` the length ``d`` of the vectors. The paper bounds the
probability that two columns of its bases are collinear by a printed formula; here pairs are
drawn and counted where they are frequent enough.
"""
