"""Products of random matrices: a paper of two studies, for tests of the report.

``size`` is n, the rows and columns of each factor, and ``depth`` is L, the number of factors.
"""
