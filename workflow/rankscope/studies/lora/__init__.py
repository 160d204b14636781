"""LoRA: Low-Rank Adaptation of Large Language Models (Hu et al., arXiv 2106.09685).

The paper's notation against ours: its weight ``W_0`` in ``R^{d x k}`` is a weight of shape
``(rows, columns)``; its ``B`` and ``A`` are ``lora_B`` ``(rows, rank)`` and ``lora_A``
``(rank, columns)``, and the update is ``scaling * lora_B @ lora_A`` with ``scaling = alpha /
rank``. Its subspace similarity ``phi`` (equation 4) is `subspace_similarity`; its
amplification factor (section 7.3) is always given with its null and their ratio, the
alignment.

Each experiment is a study of its own, in which the truth is known:

- ``teacher``: an adapter trained towards a known update, against Eckart and Young.
- ``risk``: full least squares against reduced-rank regression on finite samples.
- ``scaling``: how progress and the best learning rate depend on the rank.
- ``product``: low-rank updates of every layer of a linear network.
- ``probe``: section 7's probes on adapters trained with shared and unshared seeds.
- ``frames``: the same probes on random directions, which is their null.
- ``intruder``: new singular directions of a perturbed random weight.
- ``accounting``: parameters and bytes of published models.
"""
