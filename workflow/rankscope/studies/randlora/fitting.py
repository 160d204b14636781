"""Parameters of a target, and of its fit by alternating least squares."""

from dataclasses import dataclass

from rankscope.planning.parameters import one_of, real, require, whole
from rankscope.studies.randlora import adapter


@dataclass(frozen=True, kw_only=True)
class Parameters(adapter.Parameters):
    """A RandLoRA update fitted to a target of known spectrum."""

    target: str = one_of("spectrum of the target", "flat", "power", "gaussian")
    target_rank: int = whole("rank k of the target; columns if it is Gaussian", at_least=1)
    decay: float = real(
        "exponent of the target's power law; 0 if it has none", at_least=0, default=0.0
    )
    sweeps: int = whole("the most sweeps of alternating least squares", at_least=1)

    def check(self) -> None:
        """Refuse targets that their spectrum does not allow."""
        super().check()
        require(
            self.target_rank <= self.columns,
            f"target_rank must be at most columns = {self.columns}",
            self.target_rank,
        )
        require(
            self.target != "gaussian" or self.target_rank == self.columns,
            f"target_rank must be columns = {self.columns} for a gaussian target",
            self.target_rank,
        )
        require(
            self.target == "power" or self.decay == 0,
            f"decay must be 0 for a {self.target} target",
            self.decay,
        )
