"""Orthogonal factors.

Each factor is orthogonal, so that every singular value of the product is 1: the control of
the other study, in which the depth does nothing.
"""
