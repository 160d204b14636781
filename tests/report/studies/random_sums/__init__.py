"""Sums of random matrices: a paper of a single study, without a text of its own.

``size`` is the rows and columns of each of ``terms`` matrices of rank one.
"""
