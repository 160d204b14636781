"""New singular directions ("intruders") that an update gives a random weight.

An update of ``rank`` equal singular values ``spike`` is added to a Gaussian weight ``W`` whose
entries have variance ``1 / max(D, d)``. The leading singular directions of the tuned weight are
followed against the law of spiked matrices, and those that match none of the base weight's are
counted (Shuttleworth et al., arXiv 2410.21228), beside two updates of the same Frobenius norm:
one spread over more new directions, one along the base weight's own.
"""
