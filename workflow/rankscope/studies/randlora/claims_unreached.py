"""What the paper claims of models that cannot be trained here: listed, not tested."""

from rankscope.evidence.verdicts import Claim


def _unreached(name: str, statement: str, place: str, why: str) -> Claim:
    return Claim(
        name=f"Z: {name}",
        statement=statement,
        source=f"Albert et al., arXiv 2502.00987, {place}",
        basis="full text",
        scope=f"out of reach here: {why}",
        estimate="not estimated",
    )


_CLIP = "needs CLIP or DINOv2 and 22 image data sets"
_LLM = "needs Qwen2, Phi3 or Llama3"

UNREACHED = (
    _unreached(
        "rank limits accuracy",
        "At equal parameters accuracy on CLIP ViT-B/32 grows with the rank: 83.74 (LoRA), 83.62 "
        "(RandLoRA-a), 85.32 (RandLoRA-b), 85.98 (RandLoRA).",
        "table 2",
        f"{_CLIP}; the paper gives single numbers without a spread",
    ),
    _unreached(
        "on par with full fine-tuning of vision models",
        "RandLoRA reaches the accuracy of full fine-tuning on vision models, LoRA falls short.",
        "table 11",
        _CLIP,
    ),
    _unreached(
        "sparse bases cost no accuracy up to 93 percent",
        "Accuracy stays within 0.6 points up to 93 percent sparsity and falls by 1.6 and 2.6 "
        "points at 98 and 99 percent.",
        "table 3",
        f"{_CLIP}; the ranks behind it are claim A of this study",
    ),
    _unreached(
        "commonsense reasoning",
        "RandLoRA beats LoRA at the budget of rank 32 with 170,000 examples, and loses on Llama3 "
        "with 15,000.",
        "table 1",
        _LLM,
    ),
    _unreached(
        "GLUE",
        "RandLoRA, VeRA and LoRA are within a point of each other on RoBERTa.",
        "table 4",
        "needs RoBERTa and GLUE",
    ),
    _unreached(
        "closer to full fine-tuning",
        "RandLoRA's activations are closer to those of full fine-tuning than LoRA's, and both lie "
        "in one basin with it.",
        "sections 6.1 and 6.2",
        f"{_CLIP}; the study language_model asks the same of a small model",
    ),
    _unreached(
        "slower training",
        "RandLoRA trains 13 to 67 percent slower than full fine-tuning or LoRA, up to 212 percent "
        "at rank 15.",
        "table 10",
        "needs the paper's models and hardware",
    ),
)
