"""SGD and outlier eigenspaces: what trained weights align with.

The paper is Ben Arous, Gheissari, Huang and Jagannath, arXiv 2310.03010; its statements are
recalled here, not quoted. The models are those of their "High-dimensional limit theorems
for SGD" (BGJ, 2022), the effective spectra those of arXiv 2502.15655.

=============================  ==========================================================
paper                          here
=============================  ==========================================================
``k``, ``K``                   ``classes`` (mixture), ``width`` (XOR, hidden neurons)
``d``                          ``dimension``
``lambda``                     ``snr``, inverse noise variance
``alpha``, ``phi = M / d``     ``samples_per_dimension``
``beta``                       ``ridge``
``delta = c / d``              ``step_scale = c``; time is ``t = delta`` times the step
``x^a``, ``W_i``, ``v``        rows of the first layer, second layer
``M_ab = x^a . mu_b``          ``mean_overlap``
``S_ab = x^a . x^b``           ``weight_gram``
``rho(v, B) = |P_B v| / |v|``  ``alignment`` and its kin
``E_k(A)``                     span of the ``k`` eigenvectors of largest absolute eigenvalue
=============================  ==========================================================

The gradient second-moment matrix G is that of the *unregularised* loss: with the ridge
term its last-layer block loses the direction of ``v``, see claim C13. The Hessian of the
ReLU network is the almost-everywhere one; the kink term that it misses is claim C19. All
Hessians are without the ridge, which shifts them by a multiple of the identity.
"""
