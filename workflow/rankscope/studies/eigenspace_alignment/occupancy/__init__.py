"""Occupancy: how many of XOR's four cells a two-layer network fills at finite ``lambda``.

The study `xor` recalls the law of ``lambda`` to infinity after ``d``: each neuron picks one of
four cells, the sign of ``v_i`` and that of its overlap with ``mu`` or ``nu``, uniformly and
independently. This one measures how far networks at finite ``lambda`` are from it, and takes
away noise, interaction and all other neurons but one, in turn, to say why.
"""
