"""Probe a saved adapter: what its update is, and what chance alone would give.

``tensors`` reads safetensors files, trusting nothing in them; ``settings`` and ``adapter`` turn
an adapter as PEFT saves it, or a tuned model, into its updates; ``base``
finds the weights that are updated, with ``names`` for what disks call otherwise; ``measure`` takes
one matrix, ``matching`` its intruders without the base's decomposition, ``comparing`` the updates
of several adapters; ``probing`` streams over all matrices, which ``journal`` keeps until all are
done and ``labels`` makes one dataset of; ``table`` and ``figures`` show it. Only the null of the
task (``task_null``) and work on a GPU need torch.
"""

import sys
from types import ModuleType
from typing import Any

from rankscope.errors import Foreseen


class ProbeError(Foreseen):
    """The adapter or the base model cannot be probed."""


class _Room(ModuleType):
    """This package, callable: once imported, it has the name of the function `rankscope.probe`."""

    def __call__(self, *arguments: Any, **settings: Any) -> Any:  # noqa: ANN401
        from rankscope.probe import probing

        return probing.of_paths(*arguments, **settings)


sys.modules[__name__].__class__ = _Room
