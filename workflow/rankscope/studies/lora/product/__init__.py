"""Rank over depth: low-rank updates of every layer of a linear network (Zeng and Lee, 2310.17513).

``L`` frozen random layers of width ``d`` each get an update of rank ``R``; all factors are fitted
to a random target. The updates together can change the product by at most rank ``L R``, so
that the least error is the tail, beyond ``L R``, of the singular values of the gap between the
target and the frozen product.
"""
