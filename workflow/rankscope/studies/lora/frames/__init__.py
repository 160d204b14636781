"""The same probes on uniformly random directions: their null, and LoRA's table 7.

The paper's ``U`` and ``V`` are here random orthonormal frames ``(D, r)`` and ``(d, r)``, its
``|U^T W V|_F`` (section 7.3, table 7) is what they capture of a base weight of a given
Frobenius norm, and ``phi(i, j)`` (equation 4) compares two random frames of ``i = rank`` and
``j = other_rank`` columns. Appendix G's identity between ``phi`` and the projection metric is
checked as it is printed and as it should be.
"""
