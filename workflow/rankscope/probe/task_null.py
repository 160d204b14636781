"""The alignment that any training on given texts would give: the null of the task.

An update is a sum of outer products of output gradients and input activations. Replace the
gradients by random ones and keep the activations: the update is ``Z C^(1/2)`` in law, with ``Z``
Gaussian and ``C`` the second moment of the module's inputs. Its leading directions lean towards
those of the activations, and a base weight carries more there than in random ones.

Activations come from transformers, where it is installed; no code of the model's folder runs.
"""

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rankscope.numerics import adapter_probes, low_rank
from rankscope.probe import ProbeError

DRAWS = 39
"""The extremes of so many draws hold one more draw with probability 38 / 40, whatever the law."""
WIDEST = 1024
"""Width up to which the null is drawn; a draw is a decomposition."""
LONGEST = 128
"""Tokens of a text that are read."""
BATCH = 8


def moments(base: Path, texts: Sequence[str], modules: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the second moment of each module's inputs on the texts, ``(in, in)``.

    Args:
        base: the base model's folder, with its tokenizer.
        texts: what the model reads.
        modules: names of linear modules; those that the model has not, or that are wider than
            `WIDEST`, are left out.

    Raises:
        ProbeError: if torch and transformers are not installed, or the model cannot be loaded.
    """
    absent = [name for name in ("torch", "transformers") if not importlib.util.find_spec(name)]
    if absent:
        raise ProbeError(f"the task null needs {' and '.join(absent)}, which is not installed")
    torch, transformers = (importlib.import_module(name) for name in ("torch", "transformers"))
    transformers.utils.logging.set_verbosity_error()
    try:
        options = {"local_files_only": True, "trust_remote_code": False}
        tokens = transformers.AutoTokenizer.from_pretrained(str(base), **options)
        model = transformers.AutoModel.from_pretrained(str(base), use_safetensors=True, **options)
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ProbeError(f"{base}: no model to run: {str(error).splitlines()[0]:.200}") from error
    found: dict[str, Any] = {}
    own = dict(model.named_modules())
    for module in modules:
        name = _own_name(module, own)
        weight = None if name is None else getattr(own[name], "weight", None)
        if weight is not None and min(weight.shape) <= WIDEST:
            own[name].register_forward_pre_hook(_summing(found, module))
    if tokens.pad_token is None:
        tokens.pad_token = tokens.eos_token
    with torch.inference_mode():
        for first in range(0, len(texts), BATCH):
            model(
                **tokens(
                    list(texts[first : first + BATCH]),
                    return_tensors="pt",
                    padding=True,
                    truncation=True,
                    max_length=LONGEST,
                )
            )
    return {
        module: total.numpy() / float(np.trace(total.numpy())) for module, total in found.items()
    }


def _own_name(module: str, own: dict[str, Any]) -> str | None:
    """Return a module's name without the head that the adapter was trained under."""
    parts = module.split(".")
    names = (".".join(parts[first:]) for first in range(len(parts)))
    return next((name for name in names if name in own), None)


def _summing(found: dict[str, Any], module: str) -> Any:  # noqa: ANN401
    def add(_: Any, inputs: tuple[Any, ...]) -> None:  # noqa: ANN401
        flat = inputs[0].reshape(-1, inputs[0].shape[-1]).double()
        found[module] = found.get(module, 0) + flat.T @ flat

    return add


def interval(
    weight: np.ndarray, moment: np.ndarray, ranks: Sequence[int], generator: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return mean and 95 % interval of the alignment that random gradients give.

    The values have the names of the variables they become.
    """
    if min(weight.shape) > WIDEST or moment.shape[0] != weight.shape[1]:
        return {}
    drawn = alignments(weight, moment, ranks, DRAWS, generator)
    return {
        "alignment_task": drawn.mean(axis=0),
        "alignment_task_lower": drawn.min(axis=0),
        "alignment_task_upper": drawn.max(axis=0),
    }


def alignments(
    weight: np.ndarray,
    moment: np.ndarray,
    ranks: Sequence[int],
    draws: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """Draw alignments of updates by random gradients on real activations.

    Args:
        weight: the base weight, shape ``(out, in)``.
        moment: the second moment of its inputs, shape ``(in, in)``.
        ranks: numbers of leading directions.
        draws: how many.
        generator: of the gradients.

    Returns:
        Shape ``(draws, len(ranks))``; ``nan`` where there are fewer directions.
    """
    rows, columns = weight.shape
    values, vectors = np.linalg.eigh(moment)
    root = vectors * np.sqrt(np.maximum(values, 0))
    most = min(max(ranks), rows, columns)
    norm = float(np.linalg.norm(weight))
    result = np.full((draws, len(ranks)), np.nan)
    for draw in range(draws):
        svd = _leading(generator.standard_normal((rows, columns)), root, most)
        core = svd.left.T @ weight @ svd.right
        for place, rank in enumerate(ranks):
            if rank <= most:
                held = np.linalg.norm(core[:rank, :rank])
                result[draw, place] = held / adapter_probes.captured_null(rows, columns, rank, norm)
    return result


def _leading(noise: np.ndarray, root: np.ndarray, count: int) -> low_rank.LowRankSvd:
    left, values, right = np.linalg.svd(noise @ root.T, full_matrices=False)
    return low_rank.LowRankSvd(left[:, :count], values[:count], right[:count].T)
