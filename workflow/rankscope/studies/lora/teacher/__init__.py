"""An adapter trained towards a known update (a teacher), against the optimum of its rank.

The teacher ``T`` has unit norm and uniformly random directions; the adapter ``B A`` of rank
``r`` sees fresh minibatches of inputs with covariance ``Sigma`` and minimises
``|(B A - T) Sigma^(1/2)|_F^2``. Errors are relative to no update, ``|T Sigma^(1/2)|_F^2``. By
Eckart and Young the least error is the tail of the squared singular values of
``T Sigma^(1/2)``; for isotropic inputs those are the teacher's own, known in closed form.
"""
