"""One real network, four papers: rank before, during and after training.

No paper of its own: the networks of Makwana, arXiv 2507.07675 (``effective_dimension``), trained by
minibatch SGD or Adam on images, and looked at as in Ben Arous et al., arXiv 2310.03010
(``eigenspace_alignment``). Claims are those of these papers carried over to trained networks, or of
arXiv 2008.08186 (neural collapse), 1812.04754 (gradients in a tiny subspace) and 2405.16002 (steps
confined to it), of which the abstracts were available, or of 2008.11865 (classes in spectra),
recalled.

==================================  ==========================================================
the papers                          here
==================================  ==========================================================
m inputs, width n, depth            a held-out batch, ``width``, ``layer``
k classes, means                    ``classes``, ``means``
G, G-matrix, information matrix     second moment of per-sample gradients, of one layer or all
Hessian                             ``hessian_*`` where the grid asks for it, on the images that
                                    make the Gauss-Newton matrix, which leaves out the second
                                    derivative of the network itself
dominant subspace                   the k leading eigenvectors of the Gauss-Newton matrix, and of
                                    the Hessian where it is measured
==================================  ==========================================================
"""
