"""What a base model's file calls the tensors that its modules call otherwise."""

import contextlib
import importlib
import importlib.util
import re
from collections.abc import Iterable, Sequence

TABLE = (
    # vision-language models, from before transformers 4.52 to since
    (r"^language_model\.model\.", "model.language_model."),
    (r"^language_model\.lm_head\.", "lm_head."),
    (r"^(vision_tower|multi_modal_projector|vision_model|image_newline)\b", r"model.\1"),
    (r"^visual\.", "model.visual."),
    (r"^model\.(layers|embed_tokens|norm)\b", r"model.language_model.\1"),
    # vision transformers, from transformers 4 to 5
    (r"\.attention\.attention\.(query|key|value)\.", r".attention.\1."),
    (r"\.attention\.(query|key|value)\.", r".attention.\1_proj."),
    (r"\.query_proj\.", ".q_proj."),
    (r"\.key_proj\.", ".k_proj."),
    (r"\.value_proj\.", ".v_proj."),
    (r"\.attention\.output\.dense\.", ".attention.o_proj."),
    (r"\.intermediate\.dense\.", ".mlp.fc1."),
    (r"\.output\.dense\.", ".mlp.fc2."),
    (r"\bencoder\.layer\.", "layers."),
    # mixtures of experts
    (r"\.block_sparse_moe\.", ".mlp."),
    # and an adapter from before 4.52 on a model from since
    (r"^model\.language_model\.", "language_model.model."),
)
"""Patterns of names on disk and what modules call them, applied one after the other."""

EMBEDDINGS = (
    *("embed_tokens", "wte", "word_embeddings", "tok_embeddings", "embed_in", "embeddings"),
    *("shared", "tokens_embed", "word_embedding"),
)
HEADS = ("lm_head", "embed_out", "decoder")


def in_the_model(names: Sequence[str], model_type: str) -> dict[str, str]:
    """Map the names that modules may have to those on disk, as far as they differ.

    transformers' own table is used where the library is installed and knows the model,
    beside the one here.
    """
    found: dict[str, str] = {}
    for rules in (_library_rules(model_type), TABLE):
        for name in names:
            changed = name
            for pattern, target in rules:
                with contextlib.suppress(re.error, TypeError):
                    changed = re.sub(pattern, target, changed)
                    if changed != name:
                        found.setdefault(changed, name)
    return found


def tied(wanted: str, names: Iterable[str]) -> list[str]:
    """Return the embeddings that a missing head is tied to, or the head for an embedding."""
    module = wanted.removesuffix(".weight").rsplit(".", 1)[-1]
    if module in HEADS:
        others: tuple[str, ...] = EMBEDDINGS
    elif module in EMBEDDINGS:
        others = ("shared", *HEADS)
    else:
        return []
    return [
        name
        for name in names
        if any(name == f"{one}.weight" or name.endswith(f".{one}.weight") for one in others)
    ]


def _library_rules(model_type: str) -> list[tuple[str, str]]:
    if not model_type or importlib.util.find_spec("transformers") is None:
        return []
    try:
        library = importlib.import_module("transformers.conversion_mapping")
        entries = library.get_checkpoint_conversion_mapping(model_type) or []
    except (ImportError, AttributeError, RuntimeError):  # another version of the library
        return []
    rules = []
    for entry in entries:
        if type(entry).__name__ == "WeightRenaming":
            sources, targets = entry.source_patterns, entry.target_patterns
            sources = [sources] if isinstance(sources, str) else list(sources)
            targets = [targets] if isinstance(targets, str) else list(targets)
            rules += [(str(s), str(targets[0])) for s in sources if len(targets) == 1]
    return rules
