"""Anyone's adapters, probed as a study: a point is a folder that PEFT saved.

``rankscope probe`` takes one adapter; this takes a folder of them and adds verdicts over all.
``report.md`` shows the section that a configuration needs.

Sources: Hu et al., arXiv 2106.09685, section 7, for amplification and ``phi``;
Shuttleworth et al., arXiv 2410.21228, for intruder dimensions. Notation: ``W`` base weight,
``(out, in)``; ``dW`` update; ``alignment`` is the amplification factor of random directions
over that of the update, so that 1 is chance.
"""
