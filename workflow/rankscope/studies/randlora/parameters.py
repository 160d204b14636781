"""Parameters of one point of the study ``randlora``."""

from dataclasses import dataclass

from rankscope.planning.parameters import Cost

TARGETS = ("flat", "power", "gaussian")
DISTRIBUTIONS = ("uniform", "normal", "binary", "ternary")
METHODS = ("two", "all")

NEEDED = {
    "update": ("rows", "columns", "rank", "draws"),
    "fit": ("rows", "columns", "rank", "sweeps"),
    "bound": ("rows", "columns", "rank", "sweeps"),
    "collinear": ("columns", "draws"),
    "accounting": ("rows", "columns", "rank", "other_rank"),
}
"""The fields that each experiment uses and that must be positive."""


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """One experiment; fields that it does not use stay at their defaults.

    Attributes:
        experiment: a key of `NEEDED`; see the study's docstring.
        rows: outputs ``D`` of the weight, at least ``columns``.
        columns: inputs ``d`` of the weight.
        rank: ``r`` of the bases.
        other_rank: LoRA's rank in the experiment ``accounting``.
        distribution: of the entries of the bases.
        sparsity: share of zeros of ternary entries, ``1 - 2/s``.
        gamma_spread: standard deviation of the ``Gamma_j`` about their common start of one;
            0 is the initialisation.
        target: spectrum of the update to fit: flat, power law, or Gaussian entries.
        target_rank: number of its non-zero singular values (Gaussian: not used).
        decay: exponent of its power law.
        input_decay: the inputs' variances fall as ``i^-input_decay``; 0 is weight space.
        methods: ``"two"`` fits LoRA and RandLoRA, ``"all"`` every method.
        sweeps: the most sweeps of alternating least squares.
        draws: updates, or pairs of vectors, per replicate.
    """

    experiment: str
    rows: int = 0
    columns: int = 0
    rank: int = 0
    other_rank: int = 0
    distribution: str = "normal"
    sparsity: float = 0.0
    gamma_spread: float = 1.0
    target: str = "flat"
    target_rank: int = 0
    decay: float = 0.0
    input_decay: float = 0.0
    methods: str = "two"
    sweeps: int = 0
    draws: int = 0

    def check(self) -> None:
        """Raise ``ValueError`` with the value that no point can have."""
        _one_of("experiment", self.experiment, NEEDED)
        _one_of("distribution", self.distribution, DISTRIBUTIONS)
        _one_of("target", self.target, TARGETS)
        _one_of("methods", self.methods, METHODS)
        for name in NEEDED[self.experiment]:
            if getattr(self, name) <= 0:
                raise ValueError(
                    f"{name} must be positive for {self.experiment}, got {getattr(self, name)}"
                )
        for name in ("decay", "input_decay", "gamma_spread"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)}")
        if not 0 <= self.sparsity < 1:
            raise ValueError(f"sparsity must be in [0, 1), got {self.sparsity}")
        if self.experiment != "collinear":
            self._check_sizes()

    def _check_sizes(self) -> None:
        if self.columns > self.rows:
            raise ValueError(f"columns must be at most rows = {self.rows}, got {self.columns}")
        if self.rank > self.columns:
            raise ValueError(f"rank must be at most columns = {self.columns}, got {self.rank}")
        shaped = self.experiment in ("fit", "bound") and self.target != "gaussian"
        if shaped and not 1 <= self.target_rank <= self.columns:
            raise ValueError(
                f"target_rank must be in [1, columns = {self.columns}], got {self.target_rank}"
            )
        if self.experiment == "fit" and self.methods == "all":
            if self.rank < 2:
                raise ValueError(f"rank must be at least 2 to fit half of it, got {self.rank}")
            if self.parameters_of_randlora() <= self.rows:
                raise ValueError(
                    f"rank {self.rank} leaves VeRA fewer parameters than its rows = {self.rows}"
                )

    def bases(self) -> int:
        """Return ``n = ceil(d / r)``."""
        return -(-self.columns // self.rank)

    def parameters_of_randlora(self) -> int:
        """Return ``n (d + r)``, the budget that every method is given."""
        return self.bases() * (self.columns + self.rank)

    def cost(self) -> Cost:
        """Estimate one replicate from the linear systems of its inner loop."""
        columns = self.columns
        seconds = {
            "update": 2e-9 * self.draws * self.rows * columns**2,
            "fit": 1e-4 * self.sweeps * columns / 16,
            "bound": 2e-4 * self.sweeps * columns / 16,
            "collinear": 1e-7 * self.draws * columns,
        }.get(self.experiment, 0.0)
        if self.experiment == "fit" and self.methods == "all":
            seconds *= 4
        if self.experiment == "fit" and self.input_decay > 0:
            seconds += 1e-10 * self.sweeps * (self.bases() * columns) ** 2 * columns
        return Cost(seconds=seconds + 0.002, prediction_seconds=0.1)


def _one_of(name: str, value: str, known: object) -> None:
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")
