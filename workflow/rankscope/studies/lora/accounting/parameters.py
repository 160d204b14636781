"""Parameters of one point of the study ``lora/accounting``."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost, one_of, whole

MODELS = (
    *("gpt3-175b", "roberta-base", "roberta-large", "deberta-xxl", "gpt2-medium", "gpt2-large"),
    *("vit-b", "vit-l", "vit-h", "llama3-8b"),
)
TARGETS = ("query", "query-value", "attention", "all")


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """An adapter of a published model."""

    model: str = one_of("whose shapes are counted", *MODELS)
    targets: str = one_of("which of its matrices are adapted", *TARGETS)
    rank: int = whole("of the adapter", at_least=1)

    def cost(self) -> Cost:
        """Return what a sum over some hundred matrices costs."""
        return Cost(seconds=0.006, prediction_seconds=0.01)
