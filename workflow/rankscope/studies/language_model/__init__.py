"""LoRA, RandLoRA, VeRA and full fine-tuning on a real pretrained transformer.

Papers: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", arXiv 2106.09685,
section 7; Albert et al., "RandLoRA: full-rank parameter-efficient fine-tuning of large
models", arXiv 2502.00987, sections 4 to 6; Lialin et al., "ReLoRA: High-Rank Training Through
Low-Rank Updates", arXiv 2307.05695, algorithm 1; for intruder dimensions Shuttleworth et al.,
arXiv 2410.21228.

Theirs against ours: ``W_0`` is the base weight ``W``, shape ``(out, in)``; ``Delta W = B A``
is the update; ``phi(A_1, A_2, i, j)`` of LoRA's equation 4 is ``phi`` at ``i = j``, from the
right singular vectors of the factor ``A`` (of the update for full fine-tuning);
``|Delta W|_F / |U' W V|_F`` of table 7 is ``amplification``, and ``alignment`` is its null
over itself. RandLoRA's rank ``r`` is that of one of its bases, and ReLoRA's that of one of its
products, not of the update.

The set-up: the top ``layers`` of a BERT-like encoder are adapted; the layers below are
frozen and their outputs computed once, in half precision. Texts are classified from the
first token's last state, as BERT's authors do. No dropout and no weight decay. One search for
all runs tries rates of body and head on seeds of its own; a replicate draws from these seeds,
with replacement, and takes the rates of least validation loss by them. The runs of a replicate
share training texts, their order and the head, and all replicates the test texts.

ReLoRA here, against theirs: no first phase at full rank, as the model is pretrained; the
optimiser's state of the body is dropped whole, not pruned; the head's rate is not warmed up
again.
"""
