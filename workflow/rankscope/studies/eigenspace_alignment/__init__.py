"""SGD and outlier eigenspaces: what trained weights align with.

The paper is Ben Arous, Gheissari, Huang and Jagannath, arXiv 2310.03010; its statements are
recalled here, not quoted. The models are those of their "High-dimensional limit theorems
for SGD" (BGJ, 2022), each a study of its own; the effective spectra are those of arXiv
2502.15655.

=============================  ==========================================================
paper                          here
=============================  ==========================================================
``d``                          ``dimension``
``lambda``                     ``snr``, inverse noise variance
``alpha``, ``phi = M / d``     ``samples_per_dimension``
``beta``                       ``ridge``
``delta = c / d``              ``step_scale = c``; time is ``t = delta`` times the step
``rho(v, B) = |P_B v| / |v|``  ``alignment`` and its kin
``E_k(A)``                     span of the ``k`` eigenvectors of largest absolute eigenvalue
=============================  ==========================================================

The gradient second-moment matrix G is that of the *unregularised* loss. All Hessians are
without the ridge, which shifts them by a multiple of the identity.
"""
