"""XOR: a two-layer network on two pairs of opposite Gaussians, both layers trained.

=============================  ==========================================================
paper                          here
=============================  ==========================================================
``K``                          ``width``
``W_i``, ``v``                 rows of the first layer, ``i`` along ``neuron``; second layer
``mu``, ``nu``                 ``feature``: centres of class 1 are ``+-mu``, of class 0 ``+-nu``
``rho(W_i, E_2)``              ``alignment``
``rho(v, E_4)``                ``second_in_four``
``g(W theta)``                 ``second_in_hidden`` is the share of ``v`` in their span
=============================  ==========================================================

The Hessian of the ReLU network is the almost-everywhere one; claim C19 is on the kink term
that it misses. The second moment G is that of the *unregularised* loss: with the ridge term
its last-layer block loses the direction of ``v``, see claim C13. A neuron is in one of four
cells: the sign of ``v_i``, and that of its overlap with ``mu`` or, if negative, ``nu``.
"""
