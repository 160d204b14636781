"""Probe a saved adapter: what its update is, and what chance alone would give.

``tensors`` reads safetensors files one tensor at a time, ``adapter`` turns an adapter as
PEFT saves it into factors, ``base`` finds the weights that it updates, ``measure`` takes
one matrix, ``probing`` streams over all of them into one labelled dataset, and ``table``
and ``figures`` show it. Nothing here needs torch.
"""

from rankscope.errors import Foreseen


class ProbeError(Foreseen):
    """The adapter or the base model cannot be probed."""
