"""Nuisance: where the outliers are not the means, because the noise has one large direction.

The converse of the study `mixture`. Its noise is ``N(0, I / lambda)``; here the variance along
one direction ``e``, orthogonal to all means, is ``nuisance_ratio`` times that of the others.
The classifier does not use ``e``, but the Hessian and G have an eigenvalue for it, which passes
those of the means one after the other as the variance grows. The paper's claims do not cover
this law and are not judged on it.
"""
