"""What the papers claim at a scale that this study does not reach."""

from rankscope.evidence.claims import FULL_TEXT, unreached
from rankscope.studies.language_model.claims.accuracy import LORA, RANDLORA

large_model = unreached(
    "LoRA 11: numbers of tables 5 and 6",
    "On GPT-3 175B, rank 1 on W_q and W_v gives 73.4 on WikiSQL and 91.3 on MNLI, rank 64 gives "
    "73.5 and 91.4.",
    source=f"{LORA}, tables 5 and 6",
    scope="out of reach: needs a model of 175 billion parameters; their trends are tested above "
    "on a model of 22 million",
    basis=FULL_TEXT,
)
memory = unreached(
    "LoRA 12: memory and speed",
    "Adapting GPT-3 with LoRA needs a third of the memory and trains 25 % faster.",
    source=f"{LORA}, section 4.2",
    scope="out of reach: a statement about distributed training on large accelerators",
    basis=FULL_TEXT,
)
benchmarks = unreached(
    "RandLoRA 5: accuracies on vision and language benchmarks",
    "RandLoRA beats LoRA at equal parameters on 20 of 22 image data sets with CLIP, and on "
    "commonsense reasoning with 170 thousand training texts.",
    source=f"{RANDLORA}, tables 1 and 11",
    scope="out of reach: needs CLIP and language models of billions of parameters, which no "
    "package ships",
    basis=FULL_TEXT,
)
training_time = unreached(
    "RandLoRA 6: training time",
    "RandLoRA's training takes 13 to 28 % longer than full fine-tuning's on three models, and "
    "67 % longer than LoRA's on Llama3.",
    source=f"{RANDLORA}, table 10",
    scope="not tested: the time of a step depends on the accelerator",
    basis=FULL_TEXT,
)
