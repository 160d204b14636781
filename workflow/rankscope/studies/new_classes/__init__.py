"""How much rank will a layer need, said before training it? On dense networks and new classes.

No paper: the question of `rank_budget`, asked of the networks of `trained_networks`. A ReLU network
is trained on some classes of images and fine-tuned to the others. Predictors, null, needed rank,
allotment and claims are `rank_budget`'s, images those of `trained_networks`; this study imports
these parts of the two.

==================  ============================================================================
`rank_budget`       here
==================  ============================================================================
text                image
head                readout of the new classes
matrix              hidden layer, ``layer 1`` next to the pixels
head alone          the readout goes on alone, as many steps as the others take
LoRA                hidden layers ``W + B A`` with factors of given ranks, and the readout
==================  ============================================================================

The start is the network of the old classes with a readout that was trained alone on the new ones,
from zero.
"""
