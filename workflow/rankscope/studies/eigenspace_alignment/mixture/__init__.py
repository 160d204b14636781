"""Gaussian mixture: a softmax classifier without hidden layer, one weight vector per class.

=============================  ==========================================================
paper                          here
=============================  ==========================================================
``k``                          ``classes``
``x^a``                        rows of the first layer, ``a`` runs along ``label``
``M_ab = x^a . mu_b``          ``mean_overlap``
``S_ab = x^a . x^b``           ``weight_gram``
``rho(x^a, E_k)``              ``alignment``
``rho(x^a, E_1)``              ``alignment_first``
``rho(x^a, Span(mu))``         ``weights_in_means``
=============================  ==========================================================

Blocks are ``H_aa = E[p_a (1 - p_a) y y^T]`` and ``G_aa = E[(p_a - onehot_a)^2 y y^T]``.
"""
