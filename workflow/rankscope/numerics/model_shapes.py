"""Shapes of the weight matrices of transformers, to count what an adapter trains."""

import dataclasses

ATTENTION = ("query", "key", "value", "output")


@dataclasses.dataclass(frozen=True)
class Model:
    """The matrices of one block as ``(out, in)``, the number of blocks, all parameters."""

    blocks: int
    matrices: dict[str, tuple[int, int]]
    parameters: float


def _classic(blocks: int, width: int, parameters: float) -> Model:
    """Make a block with four square attention matrices and a four times wider MLP."""
    matrices = dict.fromkeys(ATTENTION, (width, width))
    return Model(
        blocks, matrices | {"up": (4 * width, width), "down": (width, 4 * width)}, parameters
    )


MODELS = {
    "gpt3-175b": _classic(96, 12288, 175e9),
    "roberta-base": _classic(12, 768, 125e6),
    "roberta-large": _classic(24, 1024, 355e6),
    "deberta-xxl": _classic(48, 1536, 1500e6),
    "gpt2-medium": _classic(24, 1024, 354.92e6),
    "gpt2-large": _classic(36, 1280, 774.03e6),
    "vit-b": _classic(12, 768, 86e6),
    "vit-l": _classic(24, 1024, 304e6),
    "vit-h": _classic(32, 1280, 632e6),
    "llama3-8b": Model(
        32,
        {
            "query": (4096, 4096),
            "key": (1024, 4096),
            "value": (1024, 4096),
            "output": (4096, 4096),
            "gate": (14336, 4096),
            "up": (14336, 4096),
            "down": (4096, 14336),
        },
        8.03e9,
    ),
}
"""Blocks and widths of the models' papers; ``parameters`` as those papers state them."""

TARGETS = {
    "query": ("query",),
    "query-value": ("query", "value"),
    "attention": ATTENTION,
    "all": None,
}
"""Sets of matrices that are adapted; ``None`` takes every matrix of a block."""


def adapted(model: Model, targets: str) -> list[tuple[int, int]]:
    """List the shape of every adapted matrix of the model, block by block."""
    names = TARGETS[targets] or tuple(model.matrices)
    return [model.matrices[name] for _ in range(model.blocks) for name in names]
