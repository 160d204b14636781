"""What the paper claims of models that cannot be trained here: listed, not tested."""

from rankscope.evidence.verdicts import Claim


def _unreached(name: str, statement: str, place: str, why: str) -> Claim:
    return Claim(
        name=f"Z: {name}",
        statement=statement,
        source=f"Hu et al., arXiv 2106.09685, {place}",
        basis="full text",
        scope=f"out of reach here: {why}",
        estimate="not estimated",
    )


_GPT3 = "needs GPT-3 175B; the study language_model asks the same of a small model"

UNREACHED = (
    _unreached(
        "a very low rank suffices on GPT-3",
        "On WikiSQL and MNLI a rank of 1 or 2 does as well as 64 for query and value matrices.",
        "table 6",
        _GPT3,
    ),
    _unreached(
        "which matrices to adapt",
        "At 18 million parameters adapting query and value together does best.",
        "table 5",
        _GPT3,
    ),
    _unreached(
        "on par with full fine-tuning",
        "LoRA performs on par with or better than full fine-tuning on RoBERTa, DeBERTa, GPT-2 and "
        "GPT-3.",
        "tables 2 to 4",
        "needs these models and their tasks",
    ),
    _unreached(
        "subspaces of GPT-3's adapters",
        "Two seeds share more directions in the query than in the value updates of layer 48.",
        "figure 4",
        _GPT3,
    ),
    _unreached(
        "a quarter faster",
        "Training GPT-3 with LoRA is 25 percent faster than full fine-tuning.",
        "section 4.2",
        "needs GPT-3 175B and its hardware",
    ),
)
