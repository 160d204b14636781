"""Parameters of one point of the study ``lora``."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost

TEACHERS = ("flat", "power", "gaussian")
OPTIMISERS = ("sgd", "adam")
SCALINGS = ("rank", "root-rank")
BASES = ("independent", "leading", "trailing")
MODELS = (
    "gpt3-175b",
    "roberta-base",
    "roberta-large",
    "deberta-xxl",
    "gpt2-medium",
    "gpt2-large",
    "vit-b",
    "vit-l",
    "vit-h",
    "llama3-8b",
)
TARGETS = ("query", "query-value", "attention", "all")

NEEDED = {
    "teacher": ("rows", "columns", "rank", "steps", "batch_size", "learning_rate"),
    "risk": ("rows", "columns", "teacher_rank", "samples", "noise"),
    "probe": (
        *("rows", "columns", "rank", "other_rank", "teacher_rank"),
        *("samples", "steps", "batch_size", "learning_rate"),
    ),
    "frames": ("rows", "columns", "rank", "other_rank", "draws", "base_norm"),
    "scaling": (
        *("rows", "columns", "rank", "teacher_rank", "alpha"),
        *("steps", "learning_rate", "draws"),
    ),
    "product": ("columns", "rank", "depth", "draws"),
    "intruder": ("rows", "columns", "rank", "spike", "draws"),
    "accounting": ("rank",),
}
"""The fields that each experiment uses and that must be positive."""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """One experiment with known truth; fields that it does not use stay at their defaults.

    Attributes:
        experiment: a key of `NEEDED`; see the study's docstring.
        rows: outputs ``D`` of the weight.
        columns: inputs ``d`` of the weight.
        rank: of the adapter.
        other_rank: of the second adapter or frame that it is compared with.
        teacher: spectrum of the true update: flat, power law, or Gaussian entries.
        teacher_rank: number of its non-zero singular values (Gaussian: not used).
        decay: exponent of its power law.
        input_decay: the inputs' variances fall as ``i^-input_decay``; 0 is isotropic.
        optimiser: ``"sgd"`` or ``"adam"``.
        scaling: ``"rank"`` for ``alpha / r``, ``"root-rank"`` for ``alpha / sqrt(r)``.
        alpha: LoRA's alpha in the experiment ``scaling``; elsewhere the scaling is 1.
        learning_rate: at the start of training.
        steps: of training.
        batch_size: inputs per step.
        samples: size of the training set.
        noise: standard deviation of the outputs' noise.
        base: how the true update lies to the base weight in the experiment ``probe``.
        base_norm: Frobenius norm of the base weight in the experiment ``frames``.
        depth: layers of the linear network.
        draws: random draws, or random starts, per replicate.
        spike: singular value of the update in units of the base weight's noise.
        model: whose shapes are counted.
        targets: which of its matrices are adapted.
    """

    experiment: str
    rows: int = 0
    columns: int = 0
    rank: int = 0
    other_rank: int = 0
    teacher: str = "flat"
    teacher_rank: int = 0
    decay: float = 0.0
    input_decay: float = 0.0
    optimiser: str = "adam"
    scaling: str = "rank"
    alpha: float = 0.0
    learning_rate: float = 0.0
    steps: int = 0
    batch_size: int = 0
    samples: int = 0
    noise: float = 0.0
    base: str = "independent"
    base_norm: float = 0.0
    depth: int = 0
    draws: int = 0
    spike: float = 0.0
    model: str = "gpt3-175b"
    targets: str = "query-value"

    def check(self) -> None:
        """Raise ``ValueError`` with the value that no point can have."""
        _one_of("experiment", self.experiment, NEEDED)
        _one_of("teacher", self.teacher, TEACHERS)
        _one_of("optimiser", self.optimiser, OPTIMISERS)
        _one_of("scaling", self.scaling, SCALINGS)
        _one_of("base", self.base, BASES)
        _one_of("model", self.model, MODELS)
        _one_of("targets", self.targets, TARGETS)
        for name in NEEDED[self.experiment]:
            if getattr(self, name) <= 0:
                raise ValueError(
                    f"{name} must be positive for {self.experiment}, got {getattr(self, name)}"
                )
        for name in ("decay", "input_decay", "noise"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)}")
        self._check_sizes()

    def _check_sizes(self) -> None:
        if self.experiment == "accounting":
            return
        smaller = min(self.rows, self.columns) or self.columns
        for name in ("rank", "other_rank", "teacher_rank"):
            if getattr(self, name) > smaller:
                raise ValueError(f"{name} must be at most {smaller}, got {getattr(self, name)}")
        if self.experiment == "teacher" and self.teacher != "gaussian" and self.teacher_rank < 1:
            raise ValueError(f"teacher_rank must be positive, got {self.teacher_rank}")
        if self.experiment in ("risk", "scaling") and self.teacher == "gaussian":
            raise ValueError(f"teacher must have a known rank for {self.experiment}, got gaussian")
        if self.experiment == "scaling" and self.teacher != "flat":
            raise ValueError(f"teacher must be flat for scaling, got {self.teacher}")
        if self.experiment == "risk" and self.samples <= self.columns + 1:
            raise ValueError(
                f"samples must exceed columns + 1 = {self.columns + 1}, got {self.samples}"
            )
        if self.experiment == "probe" and 2 * self.teacher_rank > smaller:
            raise ValueError(
                f"teacher_rank must be at most {smaller // 2} for probe, got {self.teacher_rank}"
            )
        if self.experiment == "product" and self.depth * self.rank >= self.columns:
            raise ValueError(
                f"depth * rank must be below columns = {self.columns}, got {self.depth * self.rank}"
            )

    def cost(self) -> Cost:
        """Estimate one replicate from the work of its inner loop."""
        sides, steps = self.rows + self.columns, self.steps
        frame = sides * max(self.rank, self.other_rank) * (20 + max(self.rank, self.other_rank))
        seconds = {
            "teacher": 7e-5 * steps,
            "risk": 3e-8 * sides**2 + 1e-9 * self.samples * sides * self.columns,
            "probe": 5e-4 * steps + 1e-9 * sides**3,
            "frames": 1e-9 * self.draws * frame,
            "scaling": 3e-7 * steps * sides * self.rank + 1e-4 * self.draws,
            "product": 0.08 * self.draws * self.depth * (self.depth > 1) + 0.02,
            "intruder": 3e-9 * self.draws * sides**3,
        }.get(self.experiment, 0.0)
        return Cost(seconds=seconds + 0.002, prediction_seconds=0.1)


def _one_of(name: str, value: str, known: object) -> None:
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
