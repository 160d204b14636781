"""How much rank will a layer need, said before training it? On the pretrained transformer.

No paper: four papers' quantities side by side. Effective dimension is that of paper 1 (Vakili et
al.'s participation ratio), outliers of the second moment of gradients are those of Ben Arous et
al., arXiv 2310.03010, ranks and truncation of updates those of LoRA, arXiv 2106.09685.

Texts, model, training, the search for rates and the division into sets are `language_model`'s,
whose parts this study imports. The start is the pretrained model with a head that was trained
alone on the replicate's own texts: what one has before an adapter is trained, for the price of
one pass over states that are computed anyway. A random head, from which training itself starts,
would point gradients in random directions of its own.

``G`` of a matrix ``W`` is ``sum_i g_i g_i^T / n`` over texts, ``g_i`` the gradient of a text's
loss by ``W``. Its outliers are the eigenvalues above the *task null's* edge: the largest that is
found where output gradients are random, each as long as the real one, on the real activations.
"""
