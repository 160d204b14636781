"""Probe a saved adapter: what its update is, and what chance alone would give.

``tensors`` reads safetensors files, trusting nothing in them; ``settings`` and ``adapter`` turn
an adapter as PEFT saves it into factors, ``difference`` a tuned model into its updates; ``base``
finds the weights that are updated, with ``names`` for what disks call otherwise; ``measure`` takes
one matrix, ``matching`` its intruders without the base's decomposition, ``comparing`` the updates
of several adapters; ``probing`` streams over all matrices, which ``journal`` keeps until all are
done and ``labels`` makes one dataset of; ``table`` and ``figures`` show it. Nothing here needs
torch.
"""

from rankscope.errors import Foreseen


class ProbeError(Foreseen):
    """The adapter or the base model cannot be probed."""
